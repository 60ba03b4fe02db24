// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/host.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/util.h"

static const struct form {
	const char *words;	/* up to the argument */
	enum host_deed deed;
	uint64_t unit;		/* what the size is a multiple of; 0: there is none */
	unsigned io;
} forms[] = {
	{ "plug ", HOST_PLUG, HOST_MODULE, 0 },
	{ "unplug", HOST_UNPLUG, 0, 0 },
	{ "balloon shows ", HOST_BALLOON_SHOWS, (uint64_t)1 << 20, 0 },
	{ "balloon ", HOST_BALLOON, (uint64_t)1 << 20, 0 },
	{ "disk slow ", HOST_DISK_SLOW, 1, 0 },
	{ "disk fail reads", HOST_DISK_FAIL, 0, HOST_READS },
	{ "disk fail writes", HOST_DISK_FAIL, 0, HOST_WRITES },
	{ "disk fail all", HOST_DISK_FAIL, 0, HOST_READS | HOST_WRITES },
	{ "disk ok", HOST_DISK_OK, 0, 0 },
	{ "nmi", HOST_NMI, 0, 0 },
};

static const char *const shown[] = {
	"plug SIZE [on NODE]", "unplug", "balloon SIZE", "balloon shows SIZE", "disk slow SIZE", "disk fail reads|writes|all", "disk ok",
	"nmi",
};

const char *const *host_orders(size_t *n)
{
	*n = ARRAY_SIZE(shown);
	return shown;
}

static int parse_bytes(const struct form *f, const char *text, struct host_order *order, struct error *err)
{
	char size[32], unit[64] = "bytes";
	if (f->unit > 1)
		snprintf(unit, sizeof(unit), "a multiple of %s", format_size(f->unit, size));
	if (parse_size(text, &order->bytes, NULL) == 0 && order->bytes && order->bytes % f->unit == 0)
		return 0;
	return error_set(err, 0, "%sSIZE: the size is %s, and not 0", f->words, unit);
}

/* SIZE, or SIZE "on" NODE. */
static int parse_module(const struct form *f, const char *text, struct host_order *order, struct error *err)
{
	static const char word[] = " on ";
	const char *on = strstr(text, word);
	int64_t node = 0;
	CLEANUP_FREE char *size = xasprintf("%.*s", (int)(on ? on - text : (ptrdiff_t)strlen(text)), text);
	if (on && parse_int(on + strlen(word), 0, HOST_NODES - 1, &node, NULL) < 0)
		return error_set(err, 0, "%sSIZE on NODE: the node is a number from 0 to %d", f->words, HOST_NODES - 1);
	order->node = (int)node;
	return parse_bytes(f, size, order, err);
}

int host_order_parse(const char *text, struct host_order *order, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *f = &forms[i];
		*order = (struct host_order){ .deed = f->deed, .io = f->io };
		if (f->unit && starts_with(text, f->words))
			return (f->deed == HOST_PLUG ? parse_module : parse_bytes)(f, text + strlen(f->words), order, err);
		if (!f->unit && streq(text, f->words))
			return 0;
	}
	char all[256] = "";
	for (size_t i = 0, len = 0; i < ARRAY_SIZE(shown); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "", shown[i]);
	return error_set(err, 0, "\"%.60s\" is nothing that a host does; allowed: %s", text, all);
}
