// What the screen knows: what is approved, what is chosen, what was counted.

/** What was chosen before in this tab, as far as it is approved; else everything. Codes and days only: nothing about a patient. */
function chosenBefore(context, approved) {
  const kept = JSON.parse(sessionStorage.getItem(`ccds-ask-${context.project}`) ?? "null");
  const codes = kept?.codes.filter((code) => approved.codes.includes(code)) ?? [];
  return {
    codes: new Set(codes.length ? codes : approved.codes),
    first: kept?.first ?? approved.first,
    last: kept?.last ?? approved.last,
    only: kept?.only ?? false,
    consecutive: kept?.consecutive ?? "100",
  };
}

function keepChosen(context, form) {
  sessionStorage.setItem(`ccds-ask-${context.project}`, JSON.stringify({ ...form, codes: [...form.codes] }));
}

/** The form as the kernel takes it. A number that is none goes as null only where none is asked for. */
function criteriaOf(form) {
  const number = Number(form.consecutive);
  return {
    codes: [...form.codes].sort(),
    first: form.first,
    last: form.last,
    consecutive: form.only ? number : null,
  };
}

/** What is wrong with the form before anything is sent, by field: a line each. */
function wrongIn(form, approved) {
  const wrong = {};
  if (!form.codes.size) wrong.codes = "Expected at least one exam code; found none; choose one.";
  for (const [name, which] of [["first", "first"], ["last", "last"]]) {
    if (!form[name]) wrong[name] = `Expected a ${which} study date; found none; give the whole date.`;
    else if (form[name] < approved.first || form[name] > approved.last) wrong[name] = `Expected a day from ${approved.first} to ${approved.last}, as the IRB application covers; found ${form[name]}; choose one of these.`;
  }
  if (!wrong.first && !wrong.last && form.last < form.first) wrong.last = `Expected a last study date that isn’t before the first one, ${form.first}; found ${form.last}; change one of them.`;
  const number = Number(form.consecutive);
  if (form.only && !(Number.isInteger(number) && number >= 1)) wrong.consecutive = "Expected a whole number of studies, at least 1; found something else; write, say, 100.";
  return wrong;
}

/** Whether counts are of the form as it is now. */
function isOf(found, form) {
  return JSON.stringify(found.criteria) === JSON.stringify(criteriaOf(form));
}
