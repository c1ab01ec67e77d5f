/* A CSV file, read here: its text goes to the page for one answer, and is kept nowhere. The answer names its columns,
   of which another can be chosen while the file is open here. */
function tableFile(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const MOST = 256 * 1024;
  const file = make("input");
  const opener = make("button", "tk-opener", "Take prompts from a CSV file …");
  const columns = make("select", "tk-input");
  const name = make("label", "tk-field");
  const note = make("p", "tk-hint");
  let text = "";

  file.type = "file";
  file.accept = ".csv,.tsv,.txt,text/csv,text/plain";
  file.hidden = true;
  opener.type = "button";
  note.setAttribute("role", "status");
  name.append(make("span", "tk-name", "Column"), columns);

  function send(column) {
    props.value = { text, column };
    trigger("input", {});
  }

  opener.addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const picked = file.files[0];
    file.value = "";
    if (!picked) return;
    if (picked.size > MOST) {
      note.textContent = `This file has ${Math.ceil(picked.size / 1024)} KB; ${MOST / 1024} are the limit.`;
      return;
    }
    text = await picked.text();
    send(null);
  });
  columns.addEventListener("change", () => {
    if (columns.value !== "") send(Number(columns.value));
  });

  function render() {
    const value = props.value;
    if (!value || !value.columns) return;
    const none = make("option", "", "choose one …");
    none.value = "";
    columns.replaceChildren(
      none,
      ...value.columns.map((title, place) => {
        const option = make("option", "", title);
        option.value = String(place);
        return option;
      }),
    );
    columns.value = value.column === null ? "" : String(value.column);
    name.hidden = !value.columns.length;
    note.textContent = value.note;
    note.hidden = !value.note;
  }

  root.append(opener, file, name, note);
  watch(["value"], render);
  render();
}

tableFile(element, trigger, unpacked(props), watch);
