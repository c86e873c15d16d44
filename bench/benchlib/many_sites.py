"""Many sites in one process: 127.0.1.1 ... on one port, each takes all mail; --slow N takes ten seconds for each message.
Prints how many messages the quick ones have taken, ten times a second while that changes."""

import argparse
import asyncio


class Sites:
    """Counts what the quick sites took."""

    def __init__(self, slow):
        self.slow = slow
        self.taken = 0

    async def serve(self, reader, writer):
        """One session."""
        slow = writer.get_extra_info("sockname")[0] == self.slow
        try:
            writer.write(b"220 site ESMTP\r\n")
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    writer.write(b"250-site\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
                elif verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    if slow:
                        await asyncio.sleep(10)
                    else:
                        self.taken += 1
                    writer.write(b"250 2.0.0 taken\r\n")
                elif verb == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 2.0.0 ok\r\n")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def tell(self):
        """On standard output."""
        told = -1
        while True:
            if self.taken != told:
                told = self.taken
                print(told, flush=True)
            await asyncio.sleep(0.1)


async def main():
    """Listens until it is killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--slow", default="")
    options = parser.parse_args()
    sites = Sites(options.slow)
    for number in range(1, options.count + 1):
        await asyncio.start_server(sites.serve, f"127.0.1.{number}", options.port, limit=1 << 20)
    print("ready", flush=True)
    await sites.tell()


if __name__ == "__main__":
    asyncio.run(main())
