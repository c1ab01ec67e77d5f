/* A form drawn from declared options: one labelled control each, with its help beneath. */
function options(element, props, watch) {
  const root = element.querySelector(".tk-view");
  const NUMBER = "a number …";
  const own = visitorsOwn(props, place);
  let drawn = "";

  function valued(payload, name, value) {
    return { ...payload, fields: payload.fields.map((each) => (each.name === name ? { ...each, value } : each)) };
  }

  function fits(field, value) {
    if (field.choices.includes(value)) return true;
    if (typeof value === "string") return field.kind === "str";
    if (typeof value !== "number" || (field.kind !== "int" && field.kind !== "float")) return false;
    return !(value < (field.low ?? value) || value > (field.high ?? value));
  }

  function place(payload, name, value) {
    const field = payload.fields.find((each) => each.name === name);
    return field && fits(field, value) ? valued(payload, name, value) : null;
  }

  function keep(field, value) {
    own.choose(field.name, value, field.default, valued(props.value, field.name, value));
    drawn = JSON.stringify(props.value);
  }

  function words(value) {
    return value === true ? "yes" : value === false ? "no" : String(value);
  }

  function numberInput(field, value) {
    const input = make("input", "tk-input");
    input.type = "number";
    if (field.low !== null) input.min = field.low;
    if (field.high !== null) input.max = field.high;
    input.step = field.kind === "int" ? 1 : "any";
    input.value = typeof value === "number" ? value : "";
    input.dataset.option = field.name;
    input.addEventListener("input", () => {
      const number = field.kind === "int" ? Math.round(input.valueAsNumber) : input.valueAsNumber;
      if (Number.isFinite(number)) keep(field, number);
    });
    return input;
  }

  function listInput(field) {
    const list = make("select", "tk-input");
    list.dataset.option = field.name;
    const free = field.kind ? numberInput(field, field.value) : null;
    field.choices.forEach((choice, index) => {
      const option = make("option", "", field.titles?.[index] ?? words(choice));
      option.value = String(index);
      list.append(option);
    });
    if (free) {
      const option = make("option", "", NUMBER);
      option.value = "number";
      list.append(option);
      free.setAttribute("aria-label", `${field.label}, ${NUMBER}`);
    }
    const place = field.choices.findIndex((choice) => choice === field.value);
    list.value = place < 0 ? "number" : String(place);
    if (free) free.hidden = place >= 0;
    list.addEventListener("change", () => {
      const number = list.value === "number";
      if (free) free.hidden = !number;
      if (number) free.focus();
      else keep(field, field.choices[Number(list.value)]);
    });
    return [list, free];
  }

  function textInput(field) {
    const input = make("input", "tk-input");
    input.type = "text";
    input.autocomplete = "off";
    input.maxLength = field.high;
    input.value = field.value;
    input.dataset.option = field.name;
    input.addEventListener("input", () => keep(field, input.value));
    return input;
  }

  function draw(field) {
    const box = make("div", "tk-option");
    const label = make("label", "tk-field");
    const name = make("span", "tk-name", field.label);
    const help = make("p", "tk-hint", field.help);
    if (field.choices.length) {
      const [list, free] = listInput(field);
      label.append(name, list);
      box.append(label, ...(free ? [free] : []), help);
    } else {
      label.append(name, field.kind === "str" ? textInput(field) : numberInput(field, field.value));
      box.append(label, help);
    }
    return box;
  }

  function render() {
    const value = own.heard();
    const now = JSON.stringify(value);
    if (!value || now === drawn) return;
    drawn = now;
    const held = root.contains(document.activeElement) ? document.activeElement : null;
    const form = make("div", "tk-options");
    form.append(...value.fields.map(draw));
    root.replaceChildren(form);
    const inputs = [...root.querySelectorAll("[data-option]:not([hidden])")];
    if (held) inputs.find((each) => each.dataset.option === held.dataset.option && each.type === held.type)?.focus();
  }

  watch(["value"], render);
  render();
}

options(element, unpacked(props), watch);
