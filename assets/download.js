/* Hands a file over that was made for this visitor: nothing is kept on the server. */
function download(element, props, watch) {
  watch(["value"], () => {
    const file = props.value;
    if (!file || !file.name) return;
    const bytes = Uint8Array.from(atob(file.data), (character) => character.charCodeAt(0));
    const link = make("a");
    const place = URL.createObjectURL(new Blob([bytes], { type: file.type }));
    link.href = place;
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(place), 1000);
    props.value = null; /* else the same file could not be had twice */
  });
}

download(element, unpacked(props), watch);
