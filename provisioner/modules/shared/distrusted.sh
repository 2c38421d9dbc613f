# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Recognize a certificate error of curl.

# distrusted: $why, what curl said, is that it does not trust the server's certificate.
distrusted() { case $why in 'curl: (51) '* | 'curl: (60) '*) ;; *) return 1 ;; esac; }
