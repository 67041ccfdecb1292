/* The agent's ear on the node's links: one that breaks is opened again, and heard with. */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/agent.h"

#define ROUNDS   500
#define ROUND_NS (20 * INT64_C(1000000))

static struct agent a;
static int broken_fd = -1, refusals; /* reads of that socket fail; so many opens are refused */

/* In front of the C library's own. */
ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	static ssize_t (*real)(int, struct msghdr *, int);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "recvmsg");
	if (fd != broken_fd)
		return real(fd, m, flags);
	errno = EIO;
	return -1;
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
	static int (*real)(int, const struct sockaddr *, socklen_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "bind");
	if (refusals-- <= 0)
		return real(fd, address, len);
	errno = ENOBUFS;
	return -1;
}

static void set_up(void)
{
	cr_assert_eq(unshare(CLONE_NEWNET), 0, "%s", strerror(errno));
	cr_assert_eq(sp_loop_new(SP_LOOP_ANY, &a.loop, NULL), 0);
	refusals = 0;
	cr_assert_eq(uplink_open(&a, NULL), 0);
}

static void tear_down(void)
{
	uplink_close(&a);
	for (int i = 0; i < 10; i++) /* what was cancelled comes back */
		sp_loop_run_once(a.loop, 0, NULL);
	sp_loop_free(a.loop);
}

TestSuite(uplink, .init = set_up, .fini = tear_down, .timeout = 30);

static void turn_until_open(bool open)
{
	for (int i = 0; i < ROUNDS && (a.uplink.fd >= 0) != open; i++)
		cr_assert_geq(sp_loop_run_once(a.loop, ROUND_NS, NULL), 0);
	cr_assert_eq(a.uplink.fd >= 0, open);
}

/* Any message will do to wake the reader: one of ours, which is believed by nobody. */
static void wake(void)
{
	struct sockaddr_nl to = { 0 };
	socklen_t len = sizeof(to);
	struct nlmsghdr h = { .nlmsg_len = sizeof(h), .nlmsg_type = NLMSG_NOOP };
	int sender = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	cr_assert_eq(getsockname(a.uplink.fd, (struct sockaddr *)&to, &len), 0);
	cr_assert_eq(sendto(sender, &h, sizeof(h), 0, (struct sockaddr *)&to, len), sizeof(h));
	close(sender);
}

static void break_it(void)
{
	broken_fd = a.uplink.fd;
	wake();
	turn_until_open(false);
	broken_fd = -1;
}

Test(uplink, a_broken_socket_is_opened_again_and_the_routes_are_looked_at)
{
	break_it();
	cr_expect_not(a.uplink.lost);
	turn_until_open(true);
	cr_expect(a.uplink.lost, "what was missed may have taken routes along");
	for (int i = 0; i < ROUNDS && a.uplink.lost; i++)
		cr_assert_geq(sp_loop_run_once(a.loop, ROUND_NS, NULL), 0);
	cr_expect_not(a.uplink.lost, "they were put in order");
}

Test(uplink, one_that_cannot_be_opened_is_tried_ever_later)
{
	int64_t first;

	break_it();
	first = a.uplink.delay_ns;
	refusals = 2;
	turn_until_open(true);
	cr_expect_geq(a.uplink.delay_ns, 4 * first);
}

Test(uplink, breaks_and_mends_as_often_as_it_likes)
{
	for (int i = 0; i < 3; i++) {
		break_it();
		turn_until_open(true);
	}
}
