// The site's look: vitepress's own, with what formulas need.
// MathML is drawn by the browser, whose own fonts may lack the measures that sub- and superscripts are placed by.
import DefaultTheme from "vitepress/theme";
import "temml/dist/Temml-Local.css";
import "./math.css";

export default DefaultTheme;
