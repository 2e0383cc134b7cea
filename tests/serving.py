"""Serves an archive for the checks."""

import re
import subprocess
import threading
from contextlib import contextmanager


@contextmanager
def serve(binary, folder, *options):
    """Serves the archive in a folder, with the bundled seeds unless an option says otherwise; yields its URL."""
    command = [binary, "serve", "--data", str(folder), "--listen", "127.0.0.1:0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                break
        else:
            raise SystemExit("the server did not start")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield found.group()
    finally:
        process.terminate()
        process.wait()
