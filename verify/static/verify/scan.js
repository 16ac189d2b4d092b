// QR codes from the camera or from a picture: by the browser's own detector where there is one, else by jsQR.
import "./vendor/jsqr.js";

const WIDEST = 1600;

async function ownDetector() {
  try {
    const formats = (await globalThis.BarcodeDetector?.getSupportedFormats()) ?? [];
    return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  } catch {
    return null;
  }
}

const detector = ownDetector();

function draw(source, width, height, widest) {
  const scale = Math.min(1, widest / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

async function read(source, width, height, sizes) {
  const own = await detector;
  if (own) {
    const found = await own.detect(source).catch(() => []);
    if (found.length) return found[0].rawValue;
  }
  for (const widest of sizes) {
    const pixels = draw(source, width, height, widest);
    const found = self.jsQR(pixels.data, pixels.width, pixels.height);
    if (found?.data) return found.data;
  }
  return "";
}

// The text of the QR code in a picture, "" when none is found. Throws for what is no picture.
export async function readPicture(file) {
  const picture = await createImageBitmap(file);
  return read(picture, picture.width, picture.height, [WIDEST, 2 * WIDEST, WIDEST / 2]);
}

// Shows the camera in `video` and calls `found` with the first text. Gives a function that stops it.
export async function watchCamera(video, found) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  video.srcObject = stream;
  await video.play();
  let open = true;
  const stop = () => {
    open = false;
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  const look = async () => {
    if (!open) return;
    const text = video.videoWidth ? await read(video, video.videoWidth, video.videoHeight, [900]) : "";
    if (open && text) {
      stop();
      found(text);
    } else if (open) {
      setTimeout(look, 120);
    }
  };
  look();
  return stop;
}
