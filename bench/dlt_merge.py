"""
The same work by dlt: its `rest_api` source, merged on `id` into PostgreSQL. Runs in an environment of its own
(bench/requirements.txt), with the variables of `bench.subjects`.
"""

import json
import os
import resource
import time

import dlt
from dlt.sources.rest_api import rest_api_source

LIST = "/v1.0/engagements/referrals"


def main() -> None:
    # dlt wants a host and a password; libpq takes the socket of the query string and needs none.
    user, _, rest = os.environ["BENCH_DATABASE"].partition("@")
    address = f"{user}:none@localhost{rest}"
    start = time.perf_counter()
    source = rest_api_source(
        {
            "client": {
                "base_url": os.environ["BENCH_URL"] + "/v1.0/engagements/",
                "paginator": {"type": "json_link", "next_url_path": "$.'@odata.nextLink'"},
            },
            "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
            "resources": [{"name": "referrals", "endpoint": {"path": "referrals", "data_selector": "value"}}],
        }
    )
    if os.environ.get("BENCH_NESTING"):
        source.max_table_nesting = int(os.environ["BENCH_NESTING"])
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=os.environ["BENCH_STATE"],
        destination=dlt.destinations.postgres(address),
        dataset_name="bench",
    )
    pipeline.run(source)
    inside = time.perf_counter() - start
    rows = pipeline.last_trace.last_normalize_info.row_counts["referrals"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"inside": round(inside, 3), "memory_mb": round(memory, 1), "rows": rows}))


if __name__ == "__main__":
    main()
