Plotly.register({ moduleType: "locale", name: "page", dictionary: ZOOM, format: {} });
for (const source of document.querySelectorAll("script.figure")) {
  const { id, data, layout, config } = JSON.parse(source.textContent);
  Plotly.newPlot("figure-" + id, data, layout, { ...config, locale: "page" });
}

for (const form of document.querySelectorAll("form.filter")) {
  const rows = [...document.getElementById(form.dataset.table).tBodies[0].rows];
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

addEventListener("beforeprint", () => document.querySelectorAll(".drawing").forEach((each) => Plotly.Plots.resize(each)));
