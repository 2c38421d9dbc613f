# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Recognize a certificate error of curl.

# distrusted: $why, the message of curl, says that the server's certificate is not trusted.
distrusted() { case $why in 'curl: (51) '* | 'curl: (60) '*) ;; *) return 1 ;; esac; }
