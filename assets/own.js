/* What a visitor chose after the page had asked stays when the answer comes. An answer on a part of the form says in
   `since`, by name, what stood there when it was asked: what was chosen since then is put into it by `place`, which
   returns null where the answer has no place for it. An answer without `since` sets all, and calls `reset`. */
function visitorsOwn(props, place, reset) {
  const chosen = new Map(); /* by name, with what is usual: the names in `since` leave that out */
  let known = "";

  function merged({ since, ...answer }) {
    if (!since) {
      chosen.clear();
      reset?.();
      return answer;
    }
    return [...chosen].reduce((payload, [name, [value, usual]]) => {
      const before = name in since ? since[name] : usual;
      const placed = JSON.stringify(before) === JSON.stringify(value) ? null : place(payload, name, value);
      if (!placed) chosen.delete(name);
      return placed || payload;
    }, answer);
  }

  return {
    choose(name, value, usual, payload) {
      chosen.set(name, [value, usual]);
      props.value = payload;
      known = JSON.stringify(payload);
    },
    /* The payload to draw. Each answer is heard once. */
    heard() {
      if (!props.value || JSON.stringify(props.value) === known) return props.value;
      const payload = merged(props.value);
      if (props.value.since) props.value = payload;
      known = JSON.stringify(payload);
      return payload;
    },
  };
}
