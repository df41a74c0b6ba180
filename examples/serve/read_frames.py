# Frames as they come, with numpy alone: python read_frames.py URL WINDOW (docs/serving_formats.md).
import json
import sys
import urllib.request

import numpy as np


def records(stream):
    """Records of the stream: `info`, then a `step` each, then `end` or `error`."""
    while lengths := stream.read(8):
        header, numbers = np.frombuffer(lengths, "<u4").tolist()
        yield json.loads(stream.read(header)) | {"numbers": np.frombuffer(stream.read(numbers), "<f4")}


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as window:
        headers = {"accept": "application/x-walrus-frames", "content-type": "application/octet-stream"}
        request = urllib.request.Request(sys.argv[1], window.read(), headers)
    record = {}
    with urllib.request.urlopen(request) as response:
        for record in records(response):
            if "step" in record:
                print(record["step"], record["time"], record["numbers"].size, record["numbers"][0])
    if "end" not in record:
        sys.exit(f"The forecast was cut off: {record}")
