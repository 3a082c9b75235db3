// The same numbers as tables: for screen readers, and for copying.

const WAIT_HEADS = ["Asked for", "Came", "Median wait", "95 % interval", "95 of 100 within", "Longest", "Waiting (longest)", "Ended before (longest)"];

function drawTables(screen) {
  const unit = screen.unit[0].toUpperCase() + screen.unit.slice(1);
  return [
    table(`GPU-hours by ${screen.unit}`, [unit, "GPU-hours", ...screen.classes.map((one) => one.name)], screen.periods.map((one) => [one.when, one.total, ...one.said])),
    ...screen.classes
      .filter(({ key }) => key in screen.periods[0].waits)
      .map(({ key, name }) => table(`Waits for ${name.toLowerCase()} by ${screen.unit}`, [unit, ...WAIT_HEADS], screen.periods.map((one) => [one.when, ...one.waits[key].cells]))),
    table(`Idle share of sessions by ${screen.unit} in which they ended`, [unit, "Idle share", "Sessions measured", "Their GPU-hours", "Sessions not measured", "Their GPU-hours"], screen.periods.map((one) => [one.when, ...one.idle.cells])),
  ];
}
