// The main job: for now it shows that the addon is loaded.
import { version } from "thalweg";

console.log(`thalweg ${version()}`);
