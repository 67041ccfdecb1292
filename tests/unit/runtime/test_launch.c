/* A launch from spec to end: what the container is, and how its end is told. */
#include "box.h"

#include <signal.h>

static struct box box;

static void open_box(void)
{
	box_open(&box);
}

static void close_box(void)
{
	box_close(&box);
}

TestSuite(launch, .init = open_box, .fini = close_box);

Test(launch, a_command_runs_and_its_status_comes_back)
{
	char out[4096];

	cr_expect_eq(box_sh(&box, "echo hello; exit 7", out, sizeof(out)), 7, "%s", out);
	cr_expect_str_eq(out, "hello\n");
}
