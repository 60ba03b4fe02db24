// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/util.h"

#define IN_SIZE (64u << 10)

enum packing { PLAIN, GZIP, XZ, ZSTD };

struct reader {
	int fd;
	const char *name;
	enum packing packing;
	bool eof;		/* of the file */
	bool inside;		/* a packed stream has begun and not ended */
	uint8_t *in;		/* bytes read and not yet used: [at, have) */
	size_t at, have;
	z_stream gz;
	lzma_stream xz;
	ZSTD_DStream *zstd;
};

static int fill(struct reader *r, struct error *err)
{
	if (r->at < r->have || r->eof)
		return 0;
	ssize_t n;
	do {
		n = read(r->fd, r->in, IN_SIZE);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_set(err, errno, "%s can't be read", r->name);
	r->at = 0;
	r->have = (size_t)n;
	r->eof = n == 0;
	return 0;
}

/* What nobody writes a log in, and this program does not unpack: read as text it would be a log without a report. */
static const struct foreign {
	const char *name, *command, *magic;	/* in magic a ? stands for any byte */
	size_t len;
} foreign[] = {
	{ "bzip2", "bzip2 -dc", "BZh?1A", 6 },
	{ "bzip2", "bzip2 -dc", "BZh?\x17r", 6 },	/* of nothing */
	{ "zip", "unzip -p", "PK\3\4", 4 },
	{ "zip", "unzip -p", "PK\5\6", 4 },
	{ "lz4", "lz4 -dc", "\x04\x22\x4d\x18", 4 },
	{ "lz4", "lz4 -dc", "\x02\x21\x4c\x18", 4 },
	{ "7-Zip", "7z x -so", "7z\xbc\xaf\x27\x1c", 6 },
	{ "lzip", "lzip -dc", "LZIP\1", 5 },
	{ "lzop", "lzop -dc", "\x89LZO\0\r", 6 },
	{ "lzma", "xz -dc --format=lzma", "\x5d\0\0", 3 },
	{ "compress", "uncompress -c", "\x1f\x9d", 2 },
	{ "rar", "unrar p -inul", "Rar!\x1a\x07", 6 },
};

/* The format that begins so; of less than its magic has, the first that may. NULL: none. */
static const struct foreign *find_foreign(const uint8_t *in, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		const struct foreign *f = &foreign[i];
		size_t n = 0;
		while (n < len && n < f->len && (in[n] == (uint8_t)f->magic[n] || f->magic[n] == '?'))
			n++;
		if (n == len || n == f->len)
			return f;
	}
	return NULL;
}

static int start(struct reader *r, struct error *err)
{
	static const uint8_t gz[] = { 0x1f, 0x8b }, xz[] = { 0xfd, '7', 'z', 'X', 'Z', 0 },
			     zst[] = { 0x28, 0xb5, 0x2f, 0xfd };
	/* a pipe may give fewer bytes at first than the magic has */
	while (!r->eof && r->have < sizeof(xz)) {
		ssize_t n = read(r->fd, r->in + r->have, IN_SIZE - r->have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, errno, "%s can't be read", r->name);
		r->have += (size_t)n;
		r->eof = n == 0;
		if (n && r->in[0] != gz[0] && r->in[0] != xz[0] && r->in[0] != zst[0] && !find_foreign(r->in, r->have))
			break;
	}
	r->eof = false;
	if (r->have >= sizeof(gz) && memcmp(r->in, gz, sizeof(gz)) == 0) {
		if (inflateInit2(&r->gz, 15 + 32) != Z_OK)
			return error_set(err, 0, "%s: zlib does not start", r->name);
		r->packing = GZIP;
	} else if (r->have >= sizeof(xz) && memcmp(r->in, xz, sizeof(xz)) == 0) {
		if (lzma_stream_decoder(&r->xz, READER_MEMORY, LZMA_CONCATENATED) != LZMA_OK)
			return error_set(err, 0, "%s: liblzma does not start", r->name);
		r->packing = XZ;
	} else if (r->have >= sizeof(zst) && memcmp(r->in, zst, sizeof(zst)) == 0) {
		r->zstd = ZSTD_createDStream();
		if (!r->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, 25)))
			return error_set(err, 0, "%s: libzstd does not start", r->name);
		r->packing = ZSTD;
	} else {
		const struct foreign *f = r->have ? find_foreign(r->in, r->have) : NULL;
		if (f && r->have >= f->len)
			return error_set(err, 0, "%s is packed with %s, which is not unpacked here; try: %s %s | oomtests explain", r->name,
					 f->name, f->command, r->name);
	}
	return 0;
}

struct reader *reader_open(int fd, const char *name, struct error *err)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	r->fd = fd;
	r->name = name;
	r->xz = (lzma_stream)LZMA_STREAM_INIT;
	r->in = xcalloc(1, IN_SIZE);
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (start(r, err) < 0) {
		reader_close(r);
		return NULL;
	}
	return r;
}

static ssize_t read_plain(struct reader *r, void *buf, size_t size, struct error *err)
{
	if (r->at < r->have) {
		size_t n = r->have - r->at < size ? r->have - r->at : size;
		memcpy(buf, r->in + r->at, n);
		r->at += n;
		return (ssize_t)n;
	}
	ssize_t n;
	do {
		n = read(r->fd, buf, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_set(err, errno, "%s can't be read", r->name);
	return n;
}

static int broken(struct reader *r, const char *what, struct error *err)
{
	return error_set(err, 0, "%s: the %s data are damaged or cut", r->name, what);
}

/* One step: eats from in, gives to buf. Sets *got; returns 1 when a packed stream ended there. */
static int step_gzip(struct reader *r, uint8_t *buf, size_t size, size_t *got, struct error *err)
{
	r->gz.next_in = r->in + r->at;
	r->gz.avail_in = (uInt)(r->have - r->at);
	r->gz.next_out = buf;
	r->gz.avail_out = (uInt)size;
	int rc = inflate(&r->gz, Z_NO_FLUSH);
	r->at = r->have - r->gz.avail_in;
	*got = size - r->gz.avail_out;
	if (rc == Z_STREAM_END)
		return inflateReset(&r->gz) == Z_OK ? 1 : broken(r, "gzip", err);
	return rc == Z_OK || (rc == Z_BUF_ERROR && r->at == r->have) ? 0 : broken(r, "gzip", err);
}

static int step_xz(struct reader *r, uint8_t *buf, size_t size, size_t *got, struct error *err)
{
	r->xz.next_in = r->in + r->at;
	r->xz.avail_in = r->have - r->at;
	r->xz.next_out = buf;
	r->xz.avail_out = size;
	lzma_ret rc = lzma_code(&r->xz, r->eof ? LZMA_FINISH : LZMA_RUN);
	r->at = r->have - r->xz.avail_in;
	*got = size - r->xz.avail_out;
	if (rc == LZMA_STREAM_END)
		return 1;
	if (rc == LZMA_MEMLIMIT_ERROR)
		return error_set(err, 0, "%s needs %llu MiB to unpack; try: xz -dc %s | oomtests explain", r->name,
				 (unsigned long long)(lzma_memusage(&r->xz) >> 20), r->name);
	return rc == LZMA_OK || (rc == LZMA_BUF_ERROR && !r->eof) ? 0 : broken(r, "xz", err);
}

static int step_zstd(struct reader *r, uint8_t *buf, size_t size, size_t *got, struct error *err)
{
	ZSTD_inBuffer in = { r->in, r->have, r->at };
	ZSTD_outBuffer out = { buf, size, 0 };
	size_t rc = ZSTD_decompressStream(r->zstd, &out, &in);
	r->at = in.pos;
	*got = out.pos;
	if (ZSTD_isError(rc)) {
		if (ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge)
			return error_set(err, 0,
					 "%s needs more than 32 MiB to unpack; try: zstd -dc --long=31 %s | oomtests "
					 "explain",
					 r->name, r->name);
		return broken(r, "zstd", err);
	}
	return rc == 0;
}

ssize_t reader_read(struct reader *r, void *buf, size_t size, struct error *err)
{
	if (r->packing == PLAIN)
		return read_plain(r, buf, size, err);
	for (;;) {
		size_t got = 0;
		if (fill(r, err) < 0)
			return -1;
		if (r->eof && r->at == r->have && !r->inside && r->packing != XZ)
			return 0;
		int end;
		if (r->packing == GZIP) {
			/* bytes behind a stream that are no further one: padding */
			if (!r->inside && r->have - r->at >= 1 && r->in[r->at] != 0x1f)
				return 0;
			end = step_gzip(r, buf, size, &got, err);
		} else if (r->packing == XZ) {
			end = step_xz(r, buf, size, &got, err);
		} else {
			end = step_zstd(r, buf, size, &got, err);
		}
		if (end < 0)
			return -1;
		r->inside = !end;
		if (got)
			return (ssize_t)got;
		if (end && r->packing == XZ)
			return 0;
		if (!end && r->eof && r->at == r->have)
			return broken(r, r->packing == GZIP ? "gzip" : r->packing == XZ ? "xz" : "zstd", err);
	}
}

void reader_close(struct reader *r)
{
	if (!r)
		return;
	if (r->packing == GZIP)
		inflateEnd(&r->gz);
	lzma_end(&r->xz);
	ZSTD_freeDStream(r->zstd);
	free(r->in);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}
