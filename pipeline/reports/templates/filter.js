for (const form of document.querySelectorAll("form.filter")) {
  const { table, entries } = form.dataset;
  const rows = [...(table ? document.getElementById(table).tBodies[0].rows : document.querySelectorAll(entries))];
  const output = form.querySelector("output");
  const narrow = () => {
    const name = form.elements.name.value.trim().toLocaleLowerCase();
    const office = form.elements.office.value;
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.dataset.name.includes(name) || (office !== "" && row.dataset.office !== office);
      shown += !row.hidden;
    }
    output.textContent = output.dataset.words.replace("#", shown);
  };
  form.addEventListener("input", narrow);
  form.addEventListener("submit", (event) => event.preventDefault());
  narrow();
}
