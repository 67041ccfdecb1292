/* Where a container may have something mounted. */
#include "wire/target.h"

#include <criterion/criterion.h>

Test(target, the_containers_own_directories_are_refused_and_what_is_called_alike_is_not)
{
	static const char *const own[] = { "/proc",     "/proc/",     "//proc//sys", "/sys",
					   "/sys/fs/x", "/dev",       "/dev/null",   "/dev/shmem",
					   "/dev//pts", "/dev/shm2/x" };
	static const char *const fine[] = { "/data",       "/process",  "/system",
					    "/device/x",   "/dev/shm",  "/dev/shm/",
					    "/dev//shm/x", "/srv/proc", "/var/sys" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		cr_expect_not(wire_target_free(own[i]), "%s", own[i]);
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		cr_expect(wire_target_free(fine[i]), "%s", fine[i]);
}
