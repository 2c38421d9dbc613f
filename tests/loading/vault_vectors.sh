#!/bin/sh
# Make vault_vectors.yml with ansible-vault: sh vault_vectors.sh VENV >vault_vectors.yml
vault=$1/bin/ansible-vault
folder=$(mktemp -d) || exit
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit

# vector NAME PASSWORD ID PLAINTEXT (as printf has it)
vector() {
    printf '%s' "$2" >password
    printf '%b' "$4" >plain
    "$vault" encrypt --vault-id "$3@password" --output sealed plain
    printf '%s:\n  password: %s\n  plain: "%s"\n  sealed: |\n' "$1" "$2" "$4"
    sed 's/^/    /' sealed
}

vector 'a text of format 1.1' secret default 'hello: world\n'
vector 'a label makes it format 1.2' 'other pass' prod 'hello: world\n'
vector 'white space and line ends' secret default '  a \r\n\tb\n\n \n'
vector 'no line end' secret default 'x'
vector 'sixteen bytes' secret default '0123456789abcdef'
vector 'text beyond ASCII' 'pässwörd☃' dev 'grüße ☃ 日本'
