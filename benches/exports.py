"""Seconds and memory of exports, by the command and by a server: `exports.py DATELINE ARTICLES`.

Generated articles of about 290 words in ten years. Memory is the anonymous memory at its peak, sampled every 10 ms: the map of
the table's file, which the system takes back when it needs it, is not in it.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from serving import serve  # noqa: E402

FORMATS = ["ndjson", "csv", "parquet"]
DATELINES = ["LISBON", "GENEVA", "NAIROBI", "KARACHI", "LYON", "KYIV", "GALLE", "TOKYO", "LIMA", "OSLO"]


def write(path, articles):
    rng = random.Random(7)
    words = ["".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randint(3, 9))) for _ in range(20_000)]
    sentence = lambda length: " ".join(rng.choices(words, k=length)).capitalize() + "."
    with path.open("w") as lines:
        for number in range(articles):
            day = f"{2015 + number * 10 // articles}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
            body = "\n\n".join([f"{rng.choice(DATELINES)}: {sentence(40)}"] + [sentence(45) for _ in range(5)])
            content = f"{sentence(8)[:-1]} {number}\n\nPublished: {day}\n\n{body}\n"
            lines.write(json.dumps({"key": f"generated/{number}", "content": content}) + "\n")


def anonymous(process):
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return 0
    found = re.search(r"RssAnon:\s+(\d+)", status)
    return int(found.group(1)) / 1024 if found else 0


class Peak(threading.Thread):
    """The peak of a process's anonymous memory until `end`."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.megabytes, self.ended = process, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.01):
            self.megabytes = max(self.megabytes, anonymous(self.process))

    def end(self):
        self.ended.set()
        self.join()
        return self.megabytes


def by_command(dateline, archive, format, folder):
    output = folder / f"by-command.{format}"
    begin = time.monotonic()
    process = subprocess.Popen([dateline, "export", "--data", archive, output], stderr=subprocess.DEVNULL)
    peak = Peak(process.pid)
    assert process.wait() == 0
    print(f"command {format:8} {time.monotonic() - begin:6.1f} s {peak.end():6.0f} MB {output.stat().st_size / 1e6:8.0f} MB")
    output.unlink()


def by_server(url, process, format, total):
    begin, peak, size, lines = time.monotonic(), Peak(process), 0, 0
    with urllib.request.urlopen(f"{url}/v1/export.{format}") as response:
        while chunk := response.read(1 << 20):
            size, lines = size + len(chunk), lines + chunk.count(b"\n")
    assert format != "ndjson" or lines == total, (lines, total)
    print(f"server  {format:8} {time.monotonic() - begin:6.1f} s {peak.end():6.0f} MB {size / 1e6:8.0f} MB")


def main(dateline, articles):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        archive, pages = folder / "archive", folder / "pages.ndjson"
        write(pages, articles)
        subprocess.run([dateline, "ingest", pages, "--data", archive], stdout=subprocess.DEVNULL, check=True)
        print(f"{articles} articles: seconds, peak of anonymous memory, bytes")
        for format in FORMATS:
            by_command(dateline, archive, format, folder)
        with serve(dateline, archive, "--no-seeds") as url:
            total = json.loads(urllib.request.urlopen(f"{url}/v1/facets?field=language").read())["total"]
            assert total == articles, total
            server = int(subprocess.run(["pgrep", "-f", f"serve --data {archive}"], capture_output=True, text=True).stdout.split()[0])
            for format in FORMATS:
                by_server(url, server, format, total)


main(str(Path(sys.argv[1]).resolve()), int(sys.argv[2]))
