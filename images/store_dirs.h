/* The store's inside, for the files of this library: one open directory for each part of it. */
#pragma once

#include <pthread.h>

#include "images/store.h"

struct img_store {
	char *path;
	int root, blobs, layers, tmp; /* directories */
	int lock;                     /* flock(2)ed for as long as the store is open */
	int unpacker;                 /* the program of img_unpacker_open(), or -1 */
	pthread_mutex_t mutex;        /* index.json, and the two counters */
	unsigned int unpacks, gcs;    /* jobs that run now */
};

/* "<kind>-<random>", a fresh name in tmp/. */
#define IMG_TMP_NAME_MAX 48
int img_tmp_name(const char *kind, char ret[IMG_TMP_NAME_MAX], struct sp_err *err);
