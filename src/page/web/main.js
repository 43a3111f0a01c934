// The page: loads the data, makes its parts, and joins them.
import { colourings } from "./colours.js";
import { byId, counted, make } from "./element.js";
import { Images } from "./images.js";
import { Inspector } from "./inspector.js";
import { followKeys } from "./keyboard.js";
import { Latent } from "./latent.js";
import { Legend } from "./legend.js";
import { MapView } from "./map_view.js";
import { Path } from "./path.js";
import { loadPage } from "./payload.js";
import { Player } from "./player.js";
import { followPointers } from "./pointer.js";
import { savePicture } from "./save_picture.js";
import { Search } from "./search.js";
import { Selection } from "./selection.js";
import { State } from "./state.js";

/** What is said aloud, once it has stayed for a moment. */
function speaker(element) {
  let timer;
  return (words) => {
    clearTimeout(timer);
    timer = setTimeout(() => (element.textContent = words), 120);
  };
}

function makeView(data, map, state, images) {
  const element = byId("map-template").content.firstElementChild.cloneNode(true);
  element.querySelector("h2").textContent = map.name;
  const surface = element.querySelector(".surface");
  surface.setAttribute("aria-label", `${map.name} map of ${counted(data.count)} points`);
  byId("maps").append(element);
  const view = new MapView(element, data, map, state, images);
  element.querySelector(".nearer").addEventListener("click", () => view.zoomBy(1.6));
  element.querySelector(".farther").addEventListener("click", () => view.zoomBy(1 / 1.6));
  element.querySelector(".whole").addEventListener("click", () => view.flyHome());
  return view;
}

function chooseTheme(state) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = (name) => {
    document.documentElement.dataset.theme = name;
    byId("theme").textContent = name === "dark" ? "Light" : "Dark";
    state.set({ theme: name });
  };
  theme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
  byId("theme").addEventListener("click", () => theme(state.theme === "dark" ? "light" : "dark"));
}

function chooseColouring(data, state) {
  const list = colourings(data);
  const select = byId("colouring");
  select.replaceChildren(...list.map(({ text }) => make("option", { textContent: text })));
  select.closest("label").hidden = list.length < 2;
  select.addEventListener("change", () => state.set({ colouring: list[select.selectedIndex] }));
  state.set({ colouring: list[0] });
}

function chooseTool(state, latent) {
  byId("tool-path").closest("label").hidden = !latent;
  for (const input of document.querySelectorAll("input[name=tool]")) {
    input.addEventListener("change", () => state.set({ tool: input.value }));
  }
  state.on(["tool"], () => (byId("maps").dataset.tool = state.tool));
}

/** The network a few times, unseen: a browser compiles loops when they have run for a while. */
async function warmUp(latent) {
  for (let turn = 0; latent && turn < 12; ++turn) {
    latent.decode(latent.network.encode(new Float32Array(latent.images.size)));
    await new Promise((resolve) => setTimeout(resolve));
  }
  await latent?.code(0);
}

async function open() {
  const data = await loadPage();
  const state = new State({
    theme: "light",
    colouring: null,
    tool: "look",
    hover: -1, // the point under the pointer
    pinned: -1, // the one that stays
    place: null, // {view, x, y}: where the pointer is between points
    selected: null, // a Set of indices
    label: null, // the one that stands out
  });
  const images = data.imageFormat ? new Images(data.imageFormat, data.imageText) : null;
  const latent = Latent.of(data, images);
  chooseTheme(state);
  chooseColouring(data, state);
  chooseTool(state, latent);

  byId("title").textContent = data.title;
  byId("about").textContent = data.about;
  byId("notes").replaceChildren(...data.notes.map((note) => make("p", { textContent: note })));
  byId("opening").remove();

  const say = speaker(byId("said"));
  const views = data.maps.map((map) => makeView(data, map, state, images));
  const last = views[views.length - 1];
  const pin = (index) => state.set({ pinned: index === state.pinned ? -1 : index });
  const go = (index) => {
    state.set({ pinned: index, hover: -1, place: null });
    for (const view of views) view.flyTo(index);
  };
  const clear = () =>
    state.set({ pinned: -1, hover: -1, place: null, selected: null, label: null });
  const inspector = new Inspector(data, state, images, latent, () => last.grid, go);
  const path = latent ? new Path(latent, inspector) : null;
  new Legend(data, state);
  new Search(data, (index) => inspector.describe(index), {
    go,
    emphasise: (label) => state.set({ label }),
  });
  new Selection(data, state, inspector, say);
  new Player(data, last);

  const tools = {
    imagines: latent !== null,
    click: (view, index) => (index < 0 ? state.set({ pinned: -1 }) : pin(index)),
    path: path && ((from, to) => path.show(from, to)),
    lasso: (view, polygon) => {
      const caught = view.grid.inPolygon(polygon);
      state.set({ selected: caught.length > 0 ? new Set(caught) : null });
    },
  };
  for (const view of views) {
    followPointers(view, state, tools);
    followKeys(view, state, { pin: (index) => index >= 0 && pin(index), clear });
  }
  byId("save").addEventListener("click", () => savePicture(data, state, views));
  byId("clear").addEventListener("click", clear);
  state.on(["selected", "label", "pinned"], () => {
    byId("clear").disabled = state.pinned < 0 && !state.selected && state.label === null;
  });
  state.on(["hover", "pinned"], () => {
    if (state.hover >= 0) say(inspector.describe(state.hover));
    else if (state.pinned >= 0) say(`${inspector.describe(state.pinned)}, pinned`);
  });

  // For the console, and for whoever tests the page.
  globalThis.hourglass = { data, state, images, latent, views };
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      performance.mark("hourglass-shown");
      warmUp(latent);
    }),
  );
}

open().catch((error) => {
  const why = byId("opening") ?? byId("said");
  why.textContent = `This page could not be opened: ${error.message}`;
  console.error(error);
});
