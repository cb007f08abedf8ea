#!/usr/bin/env python3
"""A worker of a Tern run, written from docs/protocol.md alone; the comments name its sections.

It computes only one kind of network: one layer of tanh cells over image rows, with a readout of the
last time step.

    worker.py --connect ENDPOINT [--key CREDENTIAL]
"""

import argparse
import json
import os
import socket
import struct
import time

import numpy
import xxhash
import zmq
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

VERSION = 8
UNKNOWN_RUN = "0" * 16
STEP = struct.Struct("<4sHBBQQ")  # magic, version, type, tries, run, step
WORK = struct.Struct("<IIQ")  # ranges, 0, checksum
SUM = struct.Struct("<IIIIdQ")  # level, residue, examples, correct, loss, checksum
BLOCK_OF = struct.Struct("<QIIQ")  # offset, bytes, 0, checksum
WEIGHTS, COMPUTE, PARTIAL_SUM, BLOCK = 1, 2, 3, 4
LARGEST_WHOLE, BLOCK_SIZE = 1 << 18, 1 << 16
UINT64 = (1 << 64) - 1


class Refused(Exception):
    """The coordinator rejects this worker, or needs something that it cannot compute."""


# Section "Random numbers".


def philox_stream(seed, purpose, *numbers):
    """Yields the 32-bit words of the stream of a seed for a purpose."""
    data = purpose.encode() + b"\xff" + b"".join(struct.pack("<Q", n) for n in numbers)
    stream = 0xCBF29CE484222325
    for byte in data:
        stream = (stream ^ byte) * 0x100000001B3 & UINT64
    block = 0
    while True:
        words = [block & 0xFFFFFFFF, block >> 32, stream & 0xFFFFFFFF, stream >> 32]
        key = [seed & 0xFFFFFFFF, seed >> 32]
        for _ in range(10):
            first, second = words[0] * 0xD2511F53, words[2] * 0xCD9E8D57
            words = [
                second >> 32 ^ words[1] ^ key[0],
                second & 0xFFFFFFFF,
                first >> 32 ^ words[3] ^ key[1],
                first & 0xFFFFFFFF,
            ]
            key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
        yield from words
        block += 1


def permutation(count, words):
    """A random order of 0..<count."""

    def below(bound):
        smallest = (1 << 64) % bound
        while True:
            product = (next(words) | next(words) << 32) * bound
            if product & UINT64 >= smallest:
                return product >> 64

    order = list(range(count))
    for index in range(count - 1, 0, -1):
        other = below(index + 1)
        order[index], order[other] = order[other], order[index]
    return order


class Plan:
    """Sections "Which examples a step takes" and "The reduction tree"."""

    def __init__(self, welcome):
        self.examples = welcome["examples"]
        self.batch_size = welcome["batchSize"]
        self.shards = welcome["shards"]
        self.seed = welcome["seed"]
        self.levels = self.shards.bit_length() - 1
        self.steps_per_epoch = -(-self.examples // self.batch_size)
        self.orders = {}

    @staticmethod
    def multiples(stride, first, limit):
        """The number of values first, first + stride, first + 2 stride, ... below the limit."""
        return max(0, -(-(limit - first) // stride))

    def positions(self, step):
        first = step % self.steps_per_epoch * self.batch_size
        return first, min(first + self.batch_size, self.examples)

    def examples_of_shard(self, shard):
        return self.multiples(self.shards, shard, self.examples)

    def examples_under(self, level, residue, step):
        first, end = self.positions(step)
        return self.multiples(1 << level, residue, end) - self.multiples(1 << level, residue, first)

    def examples_of_step(self, shard, step):
        """The indices of a shard's examples that a step takes."""
        epoch = step // self.steps_per_epoch
        if (epoch, shard) not in self.orders:
            self.orders = {key: order for key, order in self.orders.items() if key[0] == epoch}
            words = philox_stream(self.seed, "epoch", epoch, shard)
            self.orders[epoch, shard] = permutation(self.examples_of_shard(shard), words)
        first, end = (self.multiples(self.shards, shard, p) for p in self.positions(step))
        return self.orders[epoch, shard][first:end]

    def shard_at(self, slot):
        """The bits of the slot in reverse."""
        return sum((slot >> bit & 1) << self.levels - 1 - bit for bit in range(self.levels))

    def add_up(self, leaves, step):
        """Adds up the shards' sums as far as the tree allows."""
        sums = {}
        for shard, total in leaves.items():
            level, residue = self.levels, shard
            while level > 0:
                sibling = residue ^ 1 << level - 1
                if (level, sibling) in sums:
                    other = sums.pop((level, sibling))
                    total = [a + b for a, b in zip(total, other)]
                elif self.examples_under(level, sibling, step) > 0:
                    break
                level, residue = level - 1, residue & (1 << level - 1) - 1
            sums[level, residue] = total
        return sums


class Network:
    """Section "The gradients"."""

    def __init__(self, architecture, smoothing):
        expected = {
            "cell": "rnn", "nonlinearity": "tanh", "layers": 1, "isBidirectional": False,
            "readout": "last", "sequence": "rows", "convolutions": [], "element": "uint8",
        }
        if any(architecture[name] != value for name, value in expected.items()):
            raise Refused("this worker computes the plain network alone")
        self.rows, self.columns = architecture["imageRows"], architecture["imageColumns"]
        self.classes, hidden = architecture["classes"], architecture["hiddenSize"]
        self.smoothing = smoothing
        self.shapes = [
            (hidden, self.columns), (hidden, hidden), (hidden,), (hidden,),
            (self.classes, hidden), (self.classes,),
        ]
        self.count = sum(int(numpy.prod(shape)) for shape in self.shapes)

    def parameters(self, flat):
        parts, offset = [], 0
        for shape in self.shapes:
            size = int(numpy.prod(shape))
            parts.append(flat[offset : offset + size].reshape(shape))
            offset += size
        return parts

    def sum(self, flat, pixels, labels):
        """The example and hit counts, the loss and the gradients, summed over the examples."""
        w_ih, w_hh, b_ih, b_hh, w_fc, b_fc = self.parameters(flat)
        inputs = pixels.reshape(-1, self.rows, self.columns).astype(numpy.float32) / 255
        states = [numpy.zeros((len(labels), len(b_ih)), numpy.float32)]
        for t in range(self.rows):
            states.append(numpy.tanh(inputs[:, t] @ w_ih.T + b_ih + states[-1] @ w_hh.T + b_hh))
        logits = states[-1] @ w_fc.T + b_fc

        targets = numpy.full_like(logits, self.smoothing / self.classes)
        targets[numpy.arange(len(labels)), labels] += 1 - self.smoothing
        shifted = logits - logits.max(axis=1, keepdims=True)
        total = numpy.exp(shifted).sum(axis=1, keepdims=True)
        loss = (numpy.log(total[:, 0]) - (targets * shifted).sum(axis=1)).sum(dtype=float)
        correct = int((logits.argmax(axis=1) == labels).sum())

        d_logits = numpy.exp(shifted) / total - targets
        gradients = self.parameters(numpy.zeros(self.count, numpy.float32))
        d_w_ih, d_w_hh, d_b_ih, d_b_hh, d_w_fc, d_b_fc = gradients
        d_w_fc += d_logits.T @ states[-1]
        d_b_fc += d_logits.sum(axis=0)
        d_state = d_logits @ w_fc
        for t in reversed(range(self.rows)):
            d_sum = d_state * (1 - states[t + 1] ** 2)
            d_w_ih += d_sum.T @ inputs[:, t]
            d_w_hh += d_sum.T @ states[t]
            d_b_ih += d_sum.sum(axis=0)
            d_b_hh += d_sum.sum(axis=0)
            d_state = d_sum @ w_hh
        return [len(labels), correct, loss, numpy.concatenate([g.ravel() for g in gradients])]


class Worker:
    """Section "The conversation": the coordinator's last messages, and the pending work."""

    def __init__(self, endpoint, credential):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.immediate = True
        if credential:
            self.encrypt(credential)
        self.monitor = self.socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
        )
        self.is_connected = False
        self.sums_sent = 0
        self.end = None
        self.forget()
        self.socket.connect(endpoint)

    def encrypt(self, path):
        """Section "Transport"."""
        heading, _, servers, secret = open(path).read().split()
        if heading != "tern-worker-1":
            raise Refused(f"{path} is no credential")
        secret = z85.encode(bytes.fromhex(secret))
        self.socket.curve_serverkey = z85.encode(bytes.fromhex(servers.split(",")[0]))
        self.socket.curve_publickey = zmq.curve_public(secret)
        self.socket.curve_secretkey = secret

    def forget(self):
        self.run = UNKNOWN_RUN
        self.plan = None
        self.pixels, self.labels = {}, {}
        self.fetching = None
        self.assignments = []
        self.work = None  # step and tries of the loaded weights
        self.arriving = None  # header and first blocks of large weights
        self.queue = []
        self.since = time.monotonic()

    # Section "Control messages".

    def send(self, kind, body):
        header = {"tern": VERSION, "run": self.run, "type": kind, "body": body}
        self.socket.send(json.dumps(header).encode())

    def say_hello(self):
        self.send(
            "hello",
            {"host": socket.gethostname(), "pid": os.getpid(), "lanes": 1, "kernels": "numpy"},
        )

    def receive(self, frames):
        header, payload = frames[0], frames[1:]
        if header.startswith(b"TERN"):
            return self.receive_work(header, payload)
        message = json.loads(header)
        if message["tern"] != VERSION:
            raise Refused(f"the coordinator speaks version {message['tern']}")
        kind, run, body = message["type"], message["run"], message["body"]
        if kind == "refuse":
            raise Refused(body["reason"])
        if kind == "welcome" and not self.plan:
            self.run, self.plan = run, Plan(body)
            self.network = Network(json.loads(body["architecture"]), body["labelSmoothing"])
        elif run != self.run:
            return
        elif kind == "stop":
            self.send("leave", body)
            self.end = body["reason"]
        elif kind == "expel":
            self.forget()
            self.say_hello()
        elif kind == "ping":
            phase = "fetching" if self.fetching is not None else "idle"
            self.send("status", {"phase": phase, "seconds": time.monotonic() - self.since})
        elif kind == "assign":
            self.assignments.append(body)
        elif kind == "shard":
            self.store(body, *payload)

    # Section "Data".

    def slots(self, numbers):
        """The slots of ranges, given as alternating first slots and counts."""
        pairs = zip(numbers[::2], numbers[1::2])
        return [slot for first, count in pairs for slot in range(first, first + count)]

    def store(self, part, pixels, labels):
        shard = part["shard"]
        if shard != self.fetching or part["first"] != len(self.labels[shard]):
            return
        self.pixels[shard] += pixels
        self.labels[shard] += labels
        self.fetching = None

    def missing(self, slots):
        """The first shard at the slots whose examples have not all arrived."""
        for slot in slots:
            shard = self.plan.shard_at(slot)
            if len(self.labels.get(shard, b"")) < self.plan.examples_of_shard(shard):
                return shard
        return None

    def fetch(self):
        """Requests the next missing examples; reports ready for slots without missing ones."""
        wanted = [self.slots(numbers) for numbers in self.queue[:1] + self.assignments]
        shards = [s for s in map(self.missing, wanted) if s is not None]
        if shards and self.fetching is None:
            self.fetching, self.since = shards[0], time.monotonic()
            self.pixels.setdefault(shards[0], bytearray())
            first = len(self.labels.setdefault(shards[0], bytearray()))
            self.send("fetch", {"shard": shards[0], "first": first})
        while self.assignments and self.missing(self.slots(self.assignments[0])) is None:
            self.send("ready", self.assignments.pop(0))

    # Section "Step messages".

    def receive_work(self, header, payload):
        _, version, kind, tries, run, step = STEP.unpack_from(header)
        if version != VERSION or f"{run:016x}" != self.run:
            return
        if kind == BLOCK:
            return self.add_block(header, payload[0])
        size = 4 * self.network.count
        if kind == WEIGHTS and size > LARGEST_WHOLE and len(payload[0]) < size:
            self.arriving = header, bytearray(payload[0])
            return
        count, _, checksum = WORK.unpack_from(header, STEP.size)
        numbers = struct.unpack_from(f"<{2 * count}I", header, STEP.size + WORK.size)
        ranges = [list(pair) for pair in zip(numbers[::2], numbers[1::2])]
        if kind == WEIGHTS:
            (weights,) = payload
            if len(weights) != 4 * self.network.count:
                return
            if xxhash.xxh3_64_intdigest(weights) != checksum:
                return
            self.weights = numpy.frombuffer(weights, "<f4")
            self.work, self.queue = (step, tries), ranges
        elif kind == COMPUTE and (step, tries) == self.work:
            self.queue += ranges

    # Section "Large payloads".

    def add_block(self, header, block):
        if not self.arriving:
            return
        first, weights = self.arriving
        offset, size, _, checksum = BLOCK_OF.unpack_from(header, STEP.size)
        is_of_same = STEP.unpack_from(header)[3:] == STEP.unpack_from(first)[3:]
        is_next = is_of_same and (offset, size) == (len(weights), len(block))
        if not is_next or xxhash.xxh3_64_intdigest(block) != checksum:
            self.arriving = None
            return
        weights += block
        if len(weights) >= 4 * self.network.count:
            self.arriving = None
            self.receive_work(first, [bytes(weights)])

    def send_sum(self, header, payload):
        size = BLOCK_SIZE if len(payload) > LARGEST_WHOLE else len(payload)
        self.socket.send_multipart([header, payload[:size]])
        _, _, _, tries, run, step = STEP.unpack_from(header)
        for offset in range(size, len(payload), size):
            block = payload[offset : offset + size]
            description = STEP.pack(b"TERN", VERSION, BLOCK, tries, run, step)
            checksum = xxhash.xxh3_64_intdigest(block)
            description += BLOCK_OF.pack(offset, len(block), 0, checksum)
            self.socket.send_multipart([description, block])

    def compute(self):
        """Computes one range, and sends its sums unless the work has changed."""
        work, (step, tries) = self.work, self.work
        leaves = {}
        for slot in self.slots(self.queue.pop(0)):
            shard = self.plan.shard_at(slot)
            indices = self.plan.examples_of_step(shard, step)
            if indices:
                pixels = numpy.frombuffer(self.pixels[shard], numpy.uint8)
                pixels = pixels.reshape(-1, self.network.rows * self.network.columns)[indices]
                labels = numpy.frombuffer(self.labels[shard], numpy.uint8)[indices]
                leaves[shard] = self.network.sum(self.weights, pixels, labels)
        self.receive_all()
        if work != self.work:
            return
        for (level, residue), total in self.plan.add_up(leaves, step).items():
            examples, correct, loss, gradients = total
            payload = gradients.astype("<f4").tobytes()
            header = STEP.pack(b"TERN", VERSION, PARTIAL_SUM, tries, int(self.run, 16), step)
            checksum = xxhash.xxh3_64_intdigest(payload)
            header += SUM.pack(level, residue, examples, correct, loss, checksum)
            self.send_sum(header, payload)
            self.sums_sent += 1
        self.since = time.monotonic()

    # Section "Connections".

    def receive_all(self):
        while self.end is None and self.socket.poll(0):
            self.receive(self.socket.recv_multipart())

    def note(self, event):
        if event["event"] == zmq.EVENT_DISCONNECTED:
            # The last message may have arrived just before.
            self.receive_all()
            self.is_connected = False
            self.forget()
        else:
            self.is_connected = True
            self.say_hello()

    def work_until_dismissed(self):
        poller = zmq.Poller()
        poller.register(self.socket, zmq.POLLIN)
        poller.register(self.monitor, zmq.POLLIN)
        while self.end is None:
            ready = dict(poller.poll(1000))
            if not ready and self.is_connected and not self.plan:
                self.say_hello()
            if self.monitor in ready:
                self.note(recv_monitor_message(self.monitor))
            self.receive_all()
            while self.end is None and self.plan:
                self.fetch()
                if not self.queue or self.missing(self.slots(self.queue[0])) is not None:
                    break
                self.compute()
                self.receive_all()

    def close(self):
        """Closes the sockets after the last messages are sent."""
        self.socket.disable_monitor()
        self.context.destroy(linger=2000)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connect", required=True, metavar="ENDPOINT")
    parser.add_argument("--key", metavar="CREDENTIAL")
    arguments = parser.parse_args()
    worker = Worker(arguments.connect, arguments.key)
    try:
        worker.work_until_dismissed()
    except KeyboardInterrupt:
        worker.send("leave", {"reason": "it was stopped by a signal"})
        raise
    finally:
        worker.close()
    print(f"dismissed: {worker.end}; sent {worker.sums_sent} sums")


if __name__ == "__main__":
    main()
