// Starts the small improvements each page may use. Every page works without them.
import { startChoices } from "./display.js";
import { startCopying } from "./copy.js";
import { startCountdowns } from "./countdown.js";
import { startFilePickers } from "./file_picker.js";
import { startForms } from "./form.js";
import { startMenus } from "./menu.js";

startChoices();
startCopying();
startCountdowns();
startFilePickers();
startForms();
startMenus();
