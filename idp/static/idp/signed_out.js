// Front-Channel Logout 1.0: go back once every application has heard, or after three seconds.
const link = document.querySelector("a[data-go-on]");
const frames = [...document.querySelectorAll("iframe")];
const loaded = frames.map((frame) => new Promise((resolve) => frame.addEventListener("load", resolve, { once: true })));
const patience = new Promise((resolve) => setTimeout(resolve, 3000));
Promise.race([Promise.all(loaded), patience]).then(() => link.click());
