
"use strict";
const form = document.getElementById("filter");
const hosts = [...document.querySelectorAll("details.host")];

function filter() {
  const text = form.elements.text.value.toLowerCase();
  const { value: status } = form.elements.status;
  const { value: outcome } = form.elements.outcome;
  let shownHosts = 0;
  for (const host of hosts) {
    const nameMatches = host.querySelector("summary").textContent.toLowerCase().includes(text);
    let matchingTasks = 0;
    for (const task of host.querySelectorAll("li[data-outcome]")) {
      const textMatches = nameMatches || task.textContent.toLowerCase().includes(text);
      task.hidden = !textMatches || (outcome !== "" && task.dataset.outcome !== outcome);
      matchingTasks += task.hidden ? 0 : 1;
    }
    const statusMatches = status === "" || host.dataset.status === status;
    host.hidden = !statusMatches || !(matchingTasks > 0 || (nameMatches && outcome === ""));
    shownHosts += host.hidden ? 0 : 1;
  }
  form.querySelector("output").textContent = `${shownHosts} of ${hosts.length} hosts`;
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
filter();
