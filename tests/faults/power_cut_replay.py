#!/usr/bin/env python3
"""Builds the folder that a power cut would leave, from the log that power_cut.so wrote.

    power_cut_replay.py LOG count                 how many records there are
    power_cut_replay.py LOG cut N OUT [options]   the folder after the first N records
        --keep none      nothing that was not synced has survived (the default)
        --keep some      a part of it has: --seed S chooses sectors of data, and how much of each folder's changes
        --keep all       all of it: a kill -9, not a power cut
        --ledger FILE    the marks before the cut, one a line

A file's data survive a sync of the file, names survive a sync of their folder, and neither survives the other's.
Folders change in order (as journalling file systems do it); data of one file do not.
"""
import argparse
import os
import random
import struct
import sys

RECORD = struct.Struct("<IIQQQIIQ")
MAGIC = 0x54554350
(EXISTS, CREATE, WRITE, TRUNCATE, ALLOCATE, SYNC_BEGIN, SYNC_END, RENAME, UNLINK, MKDIR, RMDIR, LINK, MARK) = range(1, 14)
SECTOR = 512


def records(log):
    """Each record as (operation, inode, number, path, second path, data)."""
    with open(log, "rb") as file:
        while True:
            fixed = file.read(RECORD.size)
            if len(fixed) < RECORD.size:
                return
            magic, operation, inode, number, _, path_length, second_length, data_length = RECORD.unpack(fixed)
            if magic != MAGIC:
                sys.exit(f"{log} is damaged at octet {file.tell() - RECORD.size}")
            path = os.fsdecode(file.read(path_length))
            second = os.fsdecode(file.read(second_length))
            yield operation, inode, number, path, second, file.read(data_length)


class File:
    def __init__(self):
        self.octets = bytearray()  # on disk
        self.pending = []          # (moment, change): not synced

    def apply(self, change):
        operation, number, data = change
        if operation == TRUNCATE:
            del self.octets[number:]
            self.octets.extend(bytes(number - len(self.octets)))
            return
        end = number if operation == ALLOCATE else number + len(data)
        if end > len(self.octets):
            self.octets.extend(bytes(end - len(self.octets)))
        if operation == WRITE:
            self.octets[number:end] = data

    def sync(self, moment):
        for when, change in self.pending:
            if when < moment:
                self.apply(change)
        self.pending = [entry for entry in self.pending if entry[0] >= moment]

    def keep_some(self, choice):
        for _, (operation, number, data) in self.pending:
            if operation != WRITE:
                if choice.random() < 0.5:
                    self.apply((operation, number, data))
                continue
            at = 0
            while at < len(data):
                size = min(SECTOR - (number + at) % SECTOR, len(data) - at)
                if choice.random() < 0.5:
                    self.apply((WRITE, number + at, data[at:at + size]))
                at += size
        self.pending = []


class Folder:
    def __init__(self):
        self.now = {}      # name: node, as the programs see it
        self.on_disk = {}
        self.pending = []  # (moment, {name: node or None})

    def change(self, moment, names):
        apply_names(self.now, names)
        self.pending.append((moment, names))

    def sync(self, moment):
        for when, names in self.pending:
            if when < moment:
                apply_names(self.on_disk, names)
        self.pending = [entry for entry in self.pending if entry[0] >= moment]

    def keep_some(self, choice):
        for _, names in self.pending[:choice.randint(0, len(self.pending))]:
            apply_names(self.on_disk, names)
        self.pending = []


def apply_names(target, names):
    for name, node in names.items():
        if node is None:
            target.pop(name, None)
        else:
            target[name] = node


class Disk:
    def __init__(self):
        self.root_path = None
        self.root = Folder()
        self.by_inode = {}
        self.syncs = {}
        self.marks = []
        self.moment = 0

    def find(self, path):
        """The folder that holds `path`, and its name in it."""
        parts = os.path.relpath(path, self.root_path).split(os.sep)
        folder = self.root
        for part in parts[:-1]:
            folder = folder.now[part]
        return folder, parts[-1]

    def enter(self, path, node, safe):
        folder, name = self.find(path)
        folder.change(self.moment, {name: node})
        if safe:
            folder.sync(self.moment + 1)

    def begin(self, path, inode):
        # The watched folder itself is taken for safe: whoever made it synced the folder above.
        self.root_path = path
        self.by_inode[inode] = self.root

    def feed(self, record):
        operation, inode, number, path, second, data = record
        self.moment += 1
        if self.root_path is None and operation in (EXISTS, MKDIR):
            self.begin(path, inode)
        elif operation == MARK:
            self.marks.append(path)
        elif operation in (EXISTS, CREATE, MKDIR):
            is_folder = operation == MKDIR or (operation == EXISTS and number == 1)
            node = Folder() if is_folder else File()
            if not is_folder:
                node.octets.extend(data)
            self.by_inode[inode] = node
            self.enter(path, node, safe=operation == EXISTS)
        elif operation in (WRITE, TRUNCATE, ALLOCATE):
            self.by_inode[inode].pending.append((self.moment, (operation, number, data)))
        elif operation == SYNC_BEGIN:
            self.syncs[number] = self.moment
        elif operation == SYNC_END:
            self.by_inode[inode].sync(self.syncs.pop(number))
        elif operation in (UNLINK, RMDIR):
            folder, name = self.find(path)
            folder.change(self.moment, {name: None})
        elif operation in (RENAME, LINK):
            self.move(path, second, keeps_old=operation == LINK)

    def move(self, path, second, keeps_old):
        source, old = self.find(path)
        target, new = self.find(second)
        node = source.now[old]
        if keeps_old:
            target.change(self.moment, {new: node})
        elif source is target:
            source.change(self.moment, {old: None, new: node})
        else:
            target.change(self.moment, {new: node})
            source.change(self.moment, {old: None})

    def cut(self, keep, seed):
        choice = random.Random(seed)
        for node in dict.fromkeys(self.by_inode.values()):
            if keep == "some":
                node.keep_some(choice)
            elif keep == "all":
                node.sync(self.moment + 1)

    def write_out(self, out):
        write_folder(self.root, out)


def write_folder(folder, out):
    os.makedirs(out, mode=0o700, exist_ok=True)
    os.chmod(out, 0o700)
    for name, node in folder.on_disk.items():
        path = os.path.join(out, name)
        if isinstance(node, Folder):
            write_folder(node, path)
        elif not name.endswith("-shm"):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(node.octets)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("count")
    cut = commands.add_parser("cut")
    cut.add_argument("records", type=int)
    cut.add_argument("out")
    cut.add_argument("--keep", choices=("none", "some", "all"), default="none")
    cut.add_argument("--seed", type=int, default=1)
    cut.add_argument("--ledger")
    arguments = parser.parse_args()
    if arguments.command == "count":
        print(sum(1 for _ in records(arguments.log)))
        return
    disk = Disk()
    for number, record in enumerate(records(arguments.log)):
        if number == arguments.records:
            break
        disk.feed(record)
    disk.cut(arguments.keep, arguments.seed)
    disk.write_out(arguments.out)
    if arguments.ledger:
        with open(arguments.ledger, "w") as file:
            file.writelines(mark + "\n" for mark in disk.marks)


if __name__ == "__main__":
    main()
