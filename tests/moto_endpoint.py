"""Runs moto's server on a free loopback port, prints its endpoint when ready, and serves until stopped.

Creates a bucket, because the project's code never does: the template does.
"""

import time

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
keys = {"aws_access_key_id": "contract", "aws_secret_access_key": "contract", "region_name": "us-east-1"}
boto3.client("s3", endpoint_url=f"http://{host}:{port}", **keys).create_bucket(Bucket="dateline-contract")
print(f"http://{host}:{port}", flush=True)
while True:
    time.sleep(3600)
