/* One file system object of a layer, made from its tar entry under a parent directory's fd. */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <stdint.h>

#include "base/err.h"
#include "images/job.h"

#define IMG_ID_MAX 65535 /* owners: what the uid range of a container has room for */

/* Each makes `name` in the directory parentfd, where nothing of that name is, with all attributes
 * of e. The file's fd is returned open for its content; img_node_finish() closes it. */
int img_node_file(int parentfd, const char *name, struct sp_err *err);
int img_node_finish(int fd, struct archive_entry *e, struct img_progress *p, struct sp_err *err);
int img_node_symlink(int parentfd, const char *name, struct archive_entry *e, struct sp_err *err);
int img_node_fifo(int parentfd, const char *name, struct archive_entry *e, struct sp_err *err);
/* Owner, mode and attributes of a directory that is there; its times come when it is full. */
int img_node_dir(int dirfd, struct archive_entry *e, struct img_progress *p, struct sp_err *err);

int img_node_check_owner(struct archive_entry *e, struct sp_err *err);
