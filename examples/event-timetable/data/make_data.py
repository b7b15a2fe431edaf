"""Write `attendance.csv`: which of 18 women of Natchez, Mississippi, came to which of 14 events of 1936.

The "Southern women" of Davis, Gardner and Gardner (1941), *Deep South*, as networkx ships them. Events are numbered E01 to E14, so
that their names sort in their order.

    python data/make_data.py
"""

import csv
from pathlib import Path

import networkx as nx


def main() -> None:
    """Write the table."""
    graph = nx.davis_southern_women_graph()
    women = [node for node, kind in graph.nodes(data="bipartite") if kind == 0]
    events = [f"E{number}" for number in range(1, 15)]
    with (Path(__file__).parent / "attendance.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["woman", *(f"E{int(event[1:]):02d}" for event in events)])
        table.writerows([woman, *(int(graph.has_edge(woman, event)) for event in events)] for woman in women)


if __name__ == "__main__":
    main()
