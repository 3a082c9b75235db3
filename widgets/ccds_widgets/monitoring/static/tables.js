// The same numbers as tables: for screen readers, and for copying.

function rateCells(point) {
  return point.rate ? [point.rate.shown, point.rate.interval, point.rate.of] : ["–", "–", "–"];
}

function drawTables(screen, metric) {
  const rateHeads = [metric.name, "95 % interval", metric.wholes];
  return [
    table(
      `${metric.name} by month of the final report`,
      ["Month", ...rateHeads, "Studies"],
      metric.points.map((point, at) => [point.when, ...rateCells(point), grouped(screen.periods[at].studies)]),
    ),
    table(
      `${metric.name} by scanner and software`,
      ["Scanner", "Software", "Shown from", ...rateHeads, "Studies"],
      metric.devices.flatMap((device) => device.software.map((one) => [device.name, one.version, one.since, ...rateCells(one), grouped(one.studies)])),
    ),
    table(
      `${metric.name} by scanner and month`,
      ["Scanner", "Software", "Month", ...rateHeads],
      metric.devices.flatMap((device) => [
        ...device.software.flatMap((one) => one.points.map((point) => [device.name, one.version, point.when, ...rateCells(point)])),
        ...device.hidden.map((span) => [device.name, "", span.when, "not shown", "", ""]),
      ]),
    ),
    table(
      "Alerts and reports by month of the final report",
      ["Month", "Alert, report positive", "Alert, report negative", "No alert, report positive", "No alert, report negative", "No phrase matches"],
      screen.periods.map((row) => [row.when, ...["tp", "fp", "fn", "tn", "unmatched"].map((name) => grouped(row[name]))]),
    ),
  ];
}
