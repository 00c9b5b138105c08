Plotly.register({ moduleType: "locale", name: "page", dictionary: ZOOM, format: {} });
for (const source of document.querySelectorAll("script.figure")) {
  const { id, data, layout, config } = JSON.parse(source.textContent);
  Plotly.newPlot("figure-" + id, data, layout, { ...config, locale: "page" });
}

addEventListener("beforeprint", () => document.querySelectorAll(".drawing").forEach((each) => Plotly.Plots.resize(each)));
