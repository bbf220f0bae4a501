/*
 * Runs a fuzz target over files instead of under libFuzzer, so that every
 * input that was ever interesting is tried again by any compiler, in seconds.
 *
 *   fuzz_url tests/fuzz/corpus/url [FILE|DIRECTORY...]
 *
 * Prints how many inputs there were; a directory without any is an error,
 * because a test that tests nothing must not look like one that passed.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says which input it was when the target brings the program down. */
static char current[4096];

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerrordesc_np(errno));
	exit(2);
}

static void replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t size;

	snprintf(current, sizeof current, "%s", path);
	if (!f || fstat(fileno(f), &st) != 0)
		die(path);
	size = (size_t)st.st_size;
	/* Exactly the size: one byte too far is then seen by the sanitizer. */
	data = malloc(size);
	if (!data && size)
		die(path);
	if (fread(data, 1, size, f) != size)
		die(path);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static size_t replay_directory(const char *dir)
{
	struct dirent **names;
	char path[sizeof current];
	int n = scandir(dir, &names, NULL, alphasort);
	size_t inputs = 0;

	if (n < 0)
		die(dir);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
			replay_file(path);
			inputs++;
		}
		free(names[i]);
	}
	free(names);
	return inputs;
}

static size_t replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		die(path);
	if (S_ISDIR(st.st_mode))
		return replay_directory(path);
	replay_file(path);
	return 1;
}

/* Only what is allowed in a signal handler; then the signal has its way. */
static void name_the_culprit(int sig)
{
	static const char words[] = "the input was ";

	if (write(STDERR_FILENO, words, sizeof words - 1) < 0 ||
	    write(STDERR_FILENO, current, strlen(current)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
		_exit(2);
	signal(sig, SIG_DFL);
	raise(sig);
}

int main(int argc, char **argv)
{
	/* Sanitizers get here too, by abort (tests/run.py asks them to). */
	static const int deadly[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	size_t total = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE|DIRECTORY...\n", argv[0]);
		return 2;
	}
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		signal(deadly[i], name_the_culprit);
	for (int i = 1; i < argc; i++) {
		size_t inputs = replay(argv[i]);

		if (inputs == 0) {
			fprintf(stderr, "%s: no inputs\n", argv[i]);
			return 2;
		}
		total += inputs;
	}
	printf("%zu inputs\n", total);
	return 0;
}
