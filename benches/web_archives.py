"""Pages a second from a web archive, beside warcio with trafilatura, in one run on all processors.

    python benches/web_archives.py <the dateline command> <a folder of .html or .html.gz pages>

Needs warcio and trafilatura from PyPI. Each page is stored once per copy, at a URL of its own; each program reads the same
file, several times, and the fastest run counts. `ingest` also stores, indexes and forms stories; Python only extracts.
"""

import gzip
import io
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trafilatura
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

COPIES, RUNS = 4, 3


def write(folder, path):
    pages = sorted(folder.glob("*.html*"))
    with path.open("wb") as output:
        writer = WARCWriter(output, gzip=True)
        for copy in range(COPIES):
            for page in pages:
                html = gzip.decompress(page.read_bytes()) if page.suffix == ".gz" else page.read_bytes()
                headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
                url = f"https://copy{copy}.example/{page.name}"
                writer.write_record(writer.create_warc_record(url, "response", payload=io.BytesIO(html), http_headers=headers))
    return COPIES * len(pages)


def extract(item):
    url, html = item
    return trafilatura.extract(html, url=url, output_format="json", with_metadata=True) is not None


def responses(path):
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response":
                yield record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read()


def by_python(path):
    with multiprocessing.Pool() as pool:
        return sum(1 for _ in pool.imap_unordered(extract, responses(path), chunksize=4))


def by_command(*command):
    subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def fastest(run):
    times = []
    for _ in range(RUNS):
        begin = time.monotonic()
        run()
        times.append(time.monotonic() - begin)
    return min(times)


def ingest(dateline, path):
    with tempfile.TemporaryDirectory() as archive:
        by_command(dateline, "ingest", path, "--data", archive)


def main(dateline, folder):
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "crawl.warc.gz"
        pages = write(folder, path)
        print(f"{pages} pages, {path.stat().st_size / 1e6:.1f} MB, {multiprocessing.cpu_count()} processors; the fastest of {RUNS}")
        python = fastest(lambda: by_python(path))
        print(f"warcio and trafilatura {trafilatura.__version__}: {pages / python:7.1f} pages a second")
        for name, run in [("dateline read, one thread", lambda: by_command(dateline, "read", path)), ("dateline ingest", lambda: ingest(dateline, path))]:
            seconds = fastest(run)
            print(f"{name}: {pages / seconds:7.1f} pages a second, {python / seconds:.1f} times")


main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
