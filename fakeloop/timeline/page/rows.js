
// The rows of the drawing: one a lane, and those of one chain in two runs together.

const rowHeight = 46;
let rows = [];
const rowOf = new Map(); // by run: the row of each lane; -1 if it is not shown

function layRows(which) {
  let all = [];
  if (runs.length === 1) {
    all = runs[0].lanes.map((_, lane) => ({run: runs[0], lane}));
  } else {
    const paired = new Set();
    runs[0].lanes.forEach((_, lane) => {
      all.push({run: runs[0], lane});
      const other = data.pairs[lane];
      if (other >= 0) {
        paired.add(other);
        all.push({run: runs[1], lane: other, second: true});
      }
    });
    runs[1].lanes.forEach((_, lane) => { if (!paired.has(lane)) all.push({run: runs[1], lane}); });
  }
  const wanted = new Map(runs.map((run) => [run, new Set()]));
  const list = which === "findings" ? findings : matches.list;
  for (const {run, event} of list) if (run.n) wanted.get(run).add(run.lane[event]);
  rows = which === "all" || list.length === 0 ? all : all.filter(({run, lane}) => wanted.get(run).has(lane));
  for (const run of runs) rowOf.set(run, new Int32Array(run.lanes.length).fill(-1));
  rows.forEach((row, i) => { rowOf.get(row.run)[row.lane] = i; });
}
