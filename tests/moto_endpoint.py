"""Runs moto's server on loopback, prints its endpoint when ready, and serves until stopped.

Creates a bucket, because the project's code never does: the template does. With `--table`, a table too, for functions
that run on this machine.
"""

import argparse
import time

import boto3
from moto.server import ThreadedMotoServer

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=0, help="default: a free one")
parser.add_argument("--table", help="the name of a table to create")
options = parser.parse_args()

server = ThreadedMotoServer(ip_address="127.0.0.1", port=options.port, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"
keys = {"aws_access_key_id": "contract", "aws_secret_access_key": "contract", "region_name": "us-east-1"}
boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket="dateline-contract")
if options.table:
    boto3.client("dynamodb", endpoint_url=endpoint, **keys).create_table(
        TableName=options.table,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
print(endpoint, flush=True)
while True:
    time.sleep(3600)
