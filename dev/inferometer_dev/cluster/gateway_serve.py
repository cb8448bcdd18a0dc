"""gateway_serve.py LISTENER-FD HOST PORT: connects whoever calls the inherited listener with HOST:PORT.

The listener belongs to the machine's network, and this process to the cluster's: so a browser on the machine reaches a
service that nothing is routed to. It lives in the control plane's process namespace and ends with it. Standard library
only, and no import of ours: the clone that started it may vanish.
"""

import asyncio
import contextlib
import socket
import sys


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes on until one side ends."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(ConnectionError, OSError):
        writer.write_eof()


async def main(listener: socket.socket, host: str, port: int) -> None:
    """Serves until it is killed."""

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, thither = await asyncio.wait_for(asyncio.open_connection(host, port), timeout=5)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, thither), pump(there, writer))
        thither.close()
        writer.close()

    server = await asyncio.start_server(connect, sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2], int(sys.argv[3])))
