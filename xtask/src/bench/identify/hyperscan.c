/*
 * All patterns of a file searched at once by Hyperscan, one thread, over a file that is in memory before the clock starts:
 *
 *     hyperscan PATTERNS FILE ends|places
 *
 * `ends` asks where matches end, which is what Hyperscan is quickest at; `places` also where they begin. A match is told for
 * each end that it can have, so there are more of them than identifiers. Compiling the patterns is not measured. Prints one
 * JSON object: bytes, processor seconds, findings, and the most memory that the process had, the file included.
 */
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define PATTERNS_MAX 256

static int count(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *findings) {
    (void)id, (void)from, (void)to, (void)flags;
    ++*(unsigned long long *)findings;
    return 0;
}

static int stop(const char *why) {
    fprintf(stderr, "hyperscan: %s\n", why);
    return 1;
}

/* The whole file, with a zero behind it; NULL if it cannot be read. */
static char *whole(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) return NULL;
    long size = ftell(file);
    char *text = size < 0 ? NULL : malloc((size_t)size + 1);
    rewind(file);
    if (!text || fread(text, 1, (size_t)size, file) != (size_t)size) return NULL;
    text[size] = 0;
    fclose(file);
    *bytes = (size_t)size;
    return text;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc != 4) return stop("give a file of patterns, a file to search, and ends or places");
    size_t patterns_bytes, bytes;
    char *patterns = whole(argv[1], &patterns_bytes), *text = whole(argv[2], &bytes);
    if (!patterns || !text) return stop("a file cannot be read");
    /* Hyperscan takes blocks of less than 4 GiB. */
    if (bytes > 0xffffffffu) return stop("the file is too large");
    const char *expressions[PATTERNS_MAX];
    unsigned flags[PATTERNS_MAX], ids[PATTERNS_MAX], many = 0;
    for (char *line = strtok(patterns, "\n"); line; line = strtok(NULL, "\n")) {
        if (many == PATTERNS_MAX) return stop("there are too many patterns");
        expressions[many] = line;
        flags[many] = strcmp(argv[3], "places") ? 0 : HS_FLAG_SOM_LEFTMOST;
        ids[many] = many;
        many++;
    }
    hs_database_t *database = NULL;
    hs_compile_error_t *error = NULL;
    if (hs_compile_multi(expressions, flags, ids, many, HS_MODE_BLOCK, NULL, &database, &error) != HS_SUCCESS) {
        fprintf(stderr, "hyperscan: pattern %d: %s\n", error->expression + 1, error->message);
        return 1;
    }
    hs_scratch_t *scratch = NULL;
    if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) return stop("no memory");
    unsigned long long findings = 0;
    double before = seconds();
    if (hs_scan(database, text, (unsigned)bytes, 0, scratch, count, &findings) != HS_SUCCESS) return stop("it did not search");
    double took = seconds() - before;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"bytes\":%zu,\"seconds\":%.9f,\"findings\":%llu,\"memory_mb\":%.1f}\n", bytes, took, findings,
           (double)usage.ru_maxrss * 1024.0 / 1e6);
    return 0;
}
