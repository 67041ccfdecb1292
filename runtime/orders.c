/* Building the orders for spinit; see orders.h. */
#include "runtime/orders.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/str.h"

void rt_orders_init(struct rt_orders_draft *d)
{
	struct rt_orders head = { .root_fd = RT_NO_FD,
				  .dev_fd = RT_NO_FD,
				  .empty_fd = RT_NO_FD,
				  .exit_fd = RT_NO_FD,
				  .stdio_fd = { RT_NO_FD, RT_NO_FD, RT_NO_FD } };

	*d = (struct rt_orders_draft){ .blob = { .limit = RT_ORDERS_MAX } };
	sp_buf_append(&d->blob, &head, sizeof(head));
}

void rt_orders_fini(struct rt_orders_draft *d)
{
	for (uint32_t i = 0; i < d->n_fds; i++)
		if (d->owned[i])
			sp_close(&d->fds[i]);
	/* Secrets went through here. */
	if (d->blob.data)
		explicit_bzero(d->blob.data, d->blob.len);
	sp_buf_fini(&d->blob);
}

struct rt_orders *rt_orders_head(struct rt_orders_draft *d)
{
	static struct rt_orders
		lost; /* what is set after running out of memory; the builder tells */

	return d->blob.error ? &lost : (struct rt_orders *)(void *)d->blob.data;
}

static struct rt_slice slice_at(const struct rt_orders_draft *d, size_t count)
{
	return (struct rt_slice){ .offset = (uint32_t)d->blob.len, .count = (uint32_t)count };
}

struct rt_slice rt_orders_bytes(struct rt_orders_draft *d, const void *data, size_t len)
{
	struct rt_slice s = slice_at(d, len);

	sp_buf_append(&d->blob, data, len);
	sp_buf_putc(&d->blob, '\0');
	return s;
}

struct rt_slice rt_orders_string(struct rt_orders_draft *d, const char *s)
{
	return rt_orders_bytes(d, s ? s : "", s ? strlen(s) : 0);
}

struct rt_slice rt_orders_strings(struct rt_orders_draft *d, char *const *v)
{
	struct rt_slice s = slice_at(d, v ? sp_strv_count(v) : 0);

	for (size_t i = 0; v && v[i]; i++)
		sp_buf_append(&d->blob, v[i], strlen(v[i]) + 1);
	return s;
}

struct rt_slice rt_orders_array(struct rt_orders_draft *d, const void *items, size_t count,
				size_t size)
{
	static const char zeros[8];
	struct rt_slice s;

	sp_buf_append(&d->blob, zeros, -d->blob.len & 7);
	s = slice_at(d, count);
	sp_buf_append(&d->blob, items, count * size);
	return s;
}

static uint32_t add_fd(struct rt_orders_draft *d, int fd, unsigned char owned)
{
	if (fd < 0)
		return RT_NO_FD;
	if (d->n_fds == RT_FDS_MAX) {
		d->error = -E2BIG;
		if (owned)
			close(fd);
		return RT_NO_FD;
	}
	d->fds[d->n_fds] = fd;
	d->owned[d->n_fds] = owned;
	return d->n_fds++;
}

uint32_t rt_orders_fd(struct rt_orders_draft *d, int fd)
{
	return add_fd(d, fd, 0);
}

uint32_t rt_orders_fd_take(struct rt_orders_draft *d, int fd)
{
	return add_fd(d, fd, 1);
}

int rt_orders_process(struct rt_orders_draft *d, const struct rt_process *p, uint64_t caps,
		      bool no_new_privs, uint32_t n_ids, struct sp_err *err)
{
	const int stdio[3] = { p->stdin_fd, p->stdout_fd, p->stderr_fd };
	struct rt_slice args, environment, cwd, user;
	struct rt_orders *head;

	if (!p->args || !p->args[0] || !*p->args[0])
		return sp_fail(err, SP_E_INVALID, "no command");
	args = rt_orders_strings(d, p->args);
	environment = rt_orders_strings(d, p->environment);
	cwd = rt_orders_string(d, sp_str_empty(p->cwd) ? "/" : p->cwd);
	user = rt_orders_string(d, p->user);
	head = rt_orders_head(d);
	head->args = args;
	head->name_hidden = p->name_hidden;
	head->environment = environment;
	head->cwd = cwd;
	head->user = user;
	head->caps = caps;
	head->no_new_privs = no_new_privs;
	head->n_ids = n_ids;
	for (int i = 0; i < 3; i++)
		head->stdio_fd[i] = rt_orders_fd(d, stdio[i]);
	return 0;
}

static int send_fds(struct rt_orders_draft *d, int socket, struct sp_err *err)
{
	struct rt_hello hello = { .magic = RT_MAGIC,
				  .n_fds = d->n_fds,
				  .size = (uint32_t)d->blob.len };
	uint32_t done = d->n_fds < RT_FDS_BATCH ? d->n_fds : RT_FDS_BATCH;
	int r = sp_fds_send(socket, &hello, sizeof(hello), d->fds, done, err);

	while (r == 0 && done < d->n_fds) {
		uint32_t n = d->n_fds - done < RT_FDS_BATCH ? d->n_fds - done : RT_FDS_BATCH;

		r = sp_fds_send(socket, "", 1, d->fds + done, n, err);
		done += n;
	}
	return r;
}

static int send_blob(const struct sp_buf *b, int socket, struct sp_err *err)
{
	for (size_t at = 0; at < b->len;) {
		size_t n = b->len - at < RT_PIECE_MAX ? b->len - at : RT_PIECE_MAX;
		int r = sp_fds_send(socket, b->data + at, n, NULL, 0, err);

		if (r < 0)
			return r;
		at += n;
	}
	return 0;
}

int rt_orders_send(struct rt_orders_draft *d, int socket, struct sp_err *err)
{
	int r = sp_buf_check(&d->blob, err);

	if (r < 0)
		return r;
	if (d->error < 0)
		return sp_fail(err, SP_E_TOO_LARGE, "more than %d descriptors for a container",
			       RT_FDS_MAX);
	r = send_fds(d, socket, err);
	return r < 0 ? r : send_blob(&d->blob, socket, err);
}

/* A record of another size is a spinit that is not ours. */
static int check_report(const struct rt_report *report, ssize_t n, struct sp_err *err)
{
	if (n == 0)
		return sp_fail(err, SP_E_INTERNAL, "the container's init ended during set-up");
	if (n != sizeof(*report) ||
	    (report->kind != RT_REPORT_STARTED && report->kind != RT_REPORT_FAILED))
		return sp_fail(err, SP_E_INTERNAL, "the container's init answered garbage");
	return 0;
}

/* Who ends with a word of ours unread ("go") resets the connection, and the kernel tells that
 * before what was said last. */
static ssize_t receive(int socket, struct rt_report *ret, int *ret_fd, size_t *n_fds,
		       struct sp_err *err)
{
	ssize_t n = sp_fds_recv(socket, ret, sizeof(*ret), ret_fd, n_fds, err);

	if (n != -ECONNRESET)
		return n;
	*n_fds = 1;
	return sp_fds_recv(socket, ret, sizeof(*ret), ret_fd, n_fds, err);
}

int rt_report_receive(int socket, struct rt_report *ret, int *ret_fd, struct sp_err *err)
{
	size_t n_fds = 1;
	struct sp_err why;
	ssize_t n = receive(socket, ret, ret_fd, &n_fds, &why);
	int r;

	if (n < 0 || n_fds == 0)
		*ret_fd = -1;
	if (n == -EAGAIN)
		return sp_fail(err, SP_E_TIMEOUT, "the container's init did not answer in time");
	r = check_report(ret, n < 0 ? 0 : n, err);
	if (r < 0 || ret->kind == RT_REPORT_STARTED)
		return r;
	sp_close(ret_fd);
	if (ret->err.code == SP_E_OK) /* before its execve: only an errno */
		return sp_fail_errno(err, ret->err.num > 0 ? ret->err.num : EIO,
				     "execute the container's init");
	ret->err.message[sizeof(ret->err.message) - 1] = '\0';
	if (err)
		*err = ret->err;
	return sp_err_return(&ret->err);
}
