// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What QEMU does to a machine that runs, when a test tells it to. All of it begins after the clone was made, so that a
 * template has no part in it.
 */
#include <errno.h>

#include "base/util.h"
#include "target/vm.h"

#define DISK "/machine/peripheral/" VM_DISK
#define FAULTY "faulty"		/* the node that blkdebug makes of the disk */

static int command(struct vm *vm, const char *name, json_t *args, int64_t deadline_ns, struct error *err)
{
	return qmp_command(&vm->qmp, name, args, -1, deadline_ns, err);
}

static char *module_id(int i, const char *what)
{
	return xasprintf("%s%d", what, i);
}

static int plug(struct vm *vm, const struct host_order *order, int64_t deadline_ns, struct error *err)
{
	CLEANUP_FREE char *memory = module_id(vm->modules, "module-memory"), *device = module_id(vm->modules, "module");
	if (command(vm, "object-add", json_pack("{s:s, s:s, s:I}", "qom-type", "memory-backend-ram", "id", memory, "size",
						(json_int_t)order->bytes), deadline_ns, err) < 0 ||
	    command(vm, "device_add", json_pack("{s:s, s:s, s:s, s:i}", "driver", "pc-dimm", "id", device, "memdev", memory,
						"node", order->node), deadline_ns, err) < 0)
		return -1;
	vm->modules++;
	return 0;
}

/*
 * The guest is asked, and says what came of it by ACPI's _OST (QEMU's docs/specs/acpi_mem_hotplug): 0 is success, 0x84 "in
 * progress", all else a refusal; 3 is the answer to an ejection (ACPI 6.4, table 6.63).
 */
static int unplug(struct vm *vm, int64_t deadline_ns, struct error *err)
{
	static const char *const names[] = { "DEVICE_DELETED", "ACPI_DEVICE_OST", NULL };
	if (!vm->modules)
		return error_set(err, 0, "no memory module is plugged in");
	CLEANUP_FREE char *memory = module_id(vm->modules - 1, "module-memory"),
			  *device = module_id(vm->modules - 1, "module");
	if (command(vm, "device_del", json_pack("{s:s}", "id", device), deadline_ns, err) < 0)
		return -1;
	for (json_t *event; (event = qmp_await_event(&vm->qmp, names, deadline_ns)); json_decref(event)) {
		const json_t *data = json_object_get(event, "data"), *info = json_object_get(data, "info");
		json_int_t status = json_integer_value(json_object_get(info, "status"));
		if (info && json_integer_value(json_object_get(info, "source")) == 3 && status && status != 0x84) {
			json_decref(event);
			return EBUSY;
		}
		if (info || !streq(json_string_value(json_object_get(data, "device")), device))
			continue;
		json_decref(event);
		vm->modules--;
		return command(vm, "object-del", json_pack("{s:s}", "id", memory), deadline_ns, err);
	}
	return error_set(err, ETIMEDOUT, "the guest did not say whether it lets go of the memory module");
}

/* What the guest said last, in its device's configuration (Virtio 1.2, 5.5.4: actual). */
static int balloon_shows(struct vm *vm, uint64_t bytes, int64_t deadline_ns, struct error *err)
{
	json_t *answer = qmp_ask(&vm->qmp, "query-balloon", NULL, -1, deadline_ns, err);
	if (!answer)
		return -1;
	bool as_much = json_integer_value(json_object_get(answer, "actual")) >= (json_int_t)bytes;
	json_decref(answer);
	return as_much ? 0 : ERANGE;
}

static int set_throttle(struct vm *vm, uint64_t bytes, int64_t deadline_ns, struct error *err)
{
	json_int_t bps = (json_int_t)bytes;
	return command(vm, "block_set_io_throttle",
		       json_pack("{s:s, s:I, s:i, s:i, s:i, s:i, s:i}", "id", DISK "/virtio-backend", "bps", bps, "bps_rd", 0, "bps_wr", 0,
				 "iops", 0, "iops_rd", 0, "iops_wr", 0), deadline_ns, err);
}

/* The disk's image from now on is this node. */
static int use_node(struct vm *vm, const char *node, int64_t deadline_ns, struct error *err)
{
	return command(vm, "qom-set", json_pack("{s:s, s:s, s:s}", "path", DISK, "property", "drive",
						"value", node), deadline_ns, err);
}

static json_t *failing(const char *what)
{
	return json_pack("{s:s, s:s, s:i}", "event", "none", "iotype", what, "errno", EIO);
}

/* blkdebug over the image, with its errors from the beginning. */
static int fail_disk(struct vm *vm, unsigned io, int64_t deadline_ns, struct error *err)
{
	json_t *rules = json_array();
	if (io & HOST_READS)
		json_array_append_new(rules, failing("read"));
	if (io & HOST_WRITES)
		json_array_append_new(rules, failing("write"));
	if (command(vm, "blockdev-add", json_pack("{s:s, s:s, s:s, s:o}", "driver", "blkdebug", "node-name", FAULTY, "image",
						  "swap", "inject-error", rules), deadline_ns, err) < 0)
		return -1;
	return use_node(vm, FAULTY, deadline_ns, err);
}

static int heal_disk(struct vm *vm, int64_t deadline_ns, struct error *err)
{
	if (set_throttle(vm, 0, deadline_ns, err) < 0)
		return -1;
	json_t *nodes = qmp_ask(&vm->qmp, "query-named-block-nodes", json_pack("{s:b}", "flat", 1), -1, deadline_ns, err);
	bool faulty = false;
	size_t i;
	json_t *node;
	json_array_foreach(nodes, i, node)
		faulty |= streq(json_string_value(json_object_get(node, "node-name")), FAULTY);
	json_decref(nodes);
	if (!nodes || !faulty)
		return nodes ? 0 : -1;
	if (use_node(vm, "swap", deadline_ns, err) < 0)
		return -1;
	return command(vm, "blockdev-del", json_pack("{s:s}", "node-name", FAULTY), deadline_ns, err);
}

int vm_act(struct session *s, const struct host_order *order, int64_t deadline_ns, struct error *err)
{
	struct vm *vm = s->priv;
	switch (order->deed) {
	case HOST_PLUG:
		return plug(vm, order, deadline_ns, err);
	case HOST_UNPLUG:
		return unplug(vm, deadline_ns, err);
	case HOST_BALLOON:
		return command(vm, "balloon", json_pack("{s:I}", "value", (json_int_t)order->bytes), deadline_ns, err);
	case HOST_BALLOON_SHOWS:
		return balloon_shows(vm, order->bytes, deadline_ns, err);
	case HOST_DISK_SLOW:
		return set_throttle(vm, order->bytes, deadline_ns, err);
	case HOST_DISK_FAIL:
		return fail_disk(vm, order->io, deadline_ns, err);
	case HOST_DISK_OK:
		return heal_disk(vm, deadline_ns, err);
	case HOST_NMI:
		return command(vm, "inject-nmi", NULL, deadline_ns, err);
	}
	return error_set(err, 0, "unknown order");
}
