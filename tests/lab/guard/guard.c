/* The EL7 guard takes the place of a tool. It refuses options that EL7's version does not have, and
 * otherwise executes the real tool with the same arguments, environment and argv[0]. It is a program
 * and not a script: it costs half a millisecond, and the real tool's messages stay the same.
 * rules.h is generated from the file `rules`.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct rule {
    const char *tool;
    const char *version;
    int leading;              /* check only the words before the first operand */
    const char *words[64];    /* shell patterns; "!" refuses the tool itself */
};

static const struct rule rules[] = {
#include "rules.h"
};

#define REAL "/usr/libexec/el7-real/"
#define LOG "/var/log/el7-guard.log"
#define REFUSED 64

static int refuse(const struct rule *rule, const char *word, char **argv)
{
    char line[4096];
    size_t used = (size_t)snprintf(line, sizeof line, "%s %s:", rule->tool, word);
    int log = open(LOG, O_WRONLY | O_APPEND | O_CREAT, 0666);

    for (char **next = argv; *next && used < sizeof line - 2; next++)
        used += (size_t)snprintf(line + used, sizeof line - used, " %s", *next);
    if (used > sizeof line - 2)
        used = sizeof line - 2;
    line[used] = '\n';
    if (log >= 0 && write(log, line, used + 1) < 0)
        perror("el7-guard: " LOG);
    fprintf(stderr, "el7-guard: %s %s: EL7 has %s, which does not know it\n", rule->tool, word,
            rule->version);
    return REFUSED;
}

static const char *newer(const struct rule *rule, char **argv)
{
    for (const char *const *word = rule->words; *word; word++)
        if (!strcmp(*word, "!"))
            return "(the tool)";
    for (char **next = argv + 1; *next && strcmp(*next, "--"); next++) {
        if (rule->leading && **next != '-')
            return NULL;
        for (const char *const *word = rule->words; *word; word++)
            if (!fnmatch(*word, *next, 0))
                return *next;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    char path[4096], real[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    const char *name;

    if (length < 0 || argc < 1)
        return 127;
    path[length] = '\0';
    name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const char *word = strcmp(rules[i].tool, name) ? NULL : newer(&rules[i], argv);
        if (word)
            return refuse(&rules[i], word, argv);
    }
    snprintf(real, sizeof real, "%s%s", REAL, name);
    execv(real, argv);
    fprintf(stderr, "el7-guard: %s: %s\n", real, strerror(errno));
    return 127;
}
