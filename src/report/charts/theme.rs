//! The one look of all charts: a canvas in pixels whose inks become CSS variables of the page.

use minijinja::HtmlEscape;
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle};

use crate::report::error::ReportError;

/// Width of every chart in its own pixels; the page scales it.
pub(super) const WIDTH: i32 = 680;
/// Size of chart text in the same pixels.
const TEXT: f64 = 13.5;
/// plotters divides font sizes by this when it writes SVG.
const PLOTTERS_FONT_SCALE: f64 = 1.24;

/// Something to draw with. Each ink is drawn in a colour of its own and then renamed to a CSS variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Text and marks of the published study.
    Text,
    /// Axis numbers and secondary text.
    Quiet,
    /// Grid lines.
    Grid,
    /// A series, counted from 0; six are told apart.
    Series(usize),
    /// The same, as a light ground for areas.
    Soft(usize),
}

impl Ink {
    fn all() -> impl Iterator<Item = Self> {
        let series = (0..6).flat_map(|series| [Self::Series(series), Self::Soft(series)]);
        [Self::Text, Self::Quiet, Self::Grid].into_iter().chain(series)
    }

    fn number(self) -> u8 {
        match self {
            Self::Text => 1,
            Self::Quiet => 2,
            Self::Grid => 3,
            Self::Series(series) => 10 + u8::try_from(series % 6).unwrap_or(0),
            Self::Soft(series) => 20 + u8::try_from(series % 6).unwrap_or(0),
        }
    }

    fn color(self) -> RGBColor {
        RGBColor(0, 0, self.number())
    }

    fn variable(self) -> String {
        match self {
            Self::Text => "var(--ink)".to_owned(),
            Self::Quiet => "var(--quiet)".to_owned(),
            Self::Grid => "var(--rule)".to_owned(),
            Self::Series(series) => format!("var(--series-{})", series % 6 + 1),
            Self::Soft(series) => format!("var(--soft-{})", series % 6 + 1),
        }
    }

    fn line(self, width: u32) -> ShapeStyle {
        ShapeStyle { color: self.color().to_rgba(), filled: false, stroke_width: width }
    }
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Align {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// A mark at a point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    /// A filled circle.
    Dot,
    /// A filled square.
    Square,
    /// An upright bar, as the published study's.
    Bar,
    /// A filled diamond.
    Diamond,
}

/// The mark of a series, so that colour is never the only difference: eighteen series are told apart by the two.
pub(super) fn series_mark(series: usize) -> Mark {
    [Mark::Dot, Mark::Square, Mark::Diamond][(series + series / 6) % 3]
}

/// A canvas in pixels.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

impl Canvas<'_> {
    /// A line.
    pub(super) fn line(&self, from: (i32, i32), to: (i32, i32), ink: Ink, width: u32) -> Result<(), ReportError> {
        self.area.draw(&PathElement::new(vec![from, to], ink.line(width))).map_err(failed)
    }

    /// A mark.
    pub(super) fn mark(&self, (x, y): (i32, i32), ink: Ink, mark: Mark) -> Result<(), ReportError> {
        let fill = ink.color().filled();
        match mark {
            Mark::Dot => self.area.draw(&Circle::new((x, y), 5, fill)),
            Mark::Square => self.area.draw(&Rectangle::new([(x - 4, y - 4), (x + 4, y + 4)], fill)),
            Mark::Bar => self.area.draw(&PathElement::new(vec![(x, y - 9), (x, y + 9)], ink.line(3))),
            Mark::Diamond => self.area.draw(&Polygon::new(vec![(x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y)], fill)),
        }
        .map_err(failed)
    }

    /// A filled area between two corners.
    pub(super) fn area(&self, corners: [(i32, i32); 2], ink: Ink) -> Result<(), ReportError> {
        let [(left, top), (right, bottom)] = corners;
        let corners = [(left.min(right), top.min(bottom)), (left.max(right), top.max(bottom))];
        self.area.draw(&Rectangle::new(corners, ink.color().filled())).map_err(failed)
    }

    /// A mark with nothing in it but the page.
    pub(super) fn ring(&self, at: (i32, i32), ink: Ink) -> Result<(), ReportError> {
        self.area.draw(&Circle::new(at, 4, ink.line(2))).map_err(failed)
    }

    /// A text, at most `width` characters long.
    pub(super) fn text(
        &self,
        text: &str,
        at: (i32, i32),
        align: Align,
        ink: Ink,
        width: usize,
    ) -> Result<(), ReportError> {
        let horizontal = match align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        let font = ("sans-serif", TEXT * PLOTTERS_FONT_SCALE).into_font().style(FontStyle::Normal);
        let color = ink.color();
        let style = TextStyle::from(font).color(&color).pos(Pos::new(horizontal, VPos::Center));
        self.area.draw(&Text::new(shortened(text, width), at, style)).map_err(failed)
    }
}

/// A horizontal axis in data units.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    /// Data at the left and right ends.
    pub(super) data: (f64, f64),
    /// Pixels at the left and right ends.
    pub(super) pixels: (i32, i32),
}

impl Axis {
    /// The pixel of `value`, held inside the axis.
    pub(super) fn at(self, value: f64) -> i32 {
        let share = ((value - self.data.0) / (self.data.1 - self.data.0)).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, reason = "a share of a few hundred pixels")]
        let offset = (share * f64::from(self.pixels.1 - self.pixels.0)).round() as i32;
        self.pixels.0 + offset
    }
}

/// Draws a chart of `height` pixels and makes it part of a page: inks become CSS variables, text takes the page's
/// font, and `title` and `about` tell what it shows to those who do not see it.
pub(super) fn draw(
    id: &str,
    title: &str,
    about: &str,
    height: i32,
    paint: impl FnOnce(&Canvas<'_>) -> Result<(), ReportError>,
) -> Result<String, ReportError> {
    draw_sized(id, title, about, (WIDTH, height), paint)
}

/// [`draw`] with a width of its own: charts that stand beside others, or alone on a phone, are narrow.
pub(super) fn draw_sized(
    id: &str,
    title: &str,
    about: &str,
    (width, height): (i32, i32),
    paint: impl FnOnce(&Canvas<'_>) -> Result<(), ReportError>,
) -> Result<String, ReportError> {
    let mut svg = String::new();
    let size = (width.unsigned_abs(), height.unsigned_abs());
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        paint(&Canvas { area: area.clone() })?;
        area.present().map_err(failed)?;
    }
    let head = svg.find('>').ok_or_else(|| ReportError::Draw("no SVG".to_owned()))?;
    let mut body = svg.split_off(head + 1).replace(" opacity=\"1\"", "").replace(" font-family=\"sans-serif\"", "");
    for ink in Ink::all() {
        let RGBColor(red, green, blue) = ink.color();
        for property in ["fill", "stroke"] {
            let fixed = format!("{property}=\"#{red:02X}{green:02X}{blue:02X}\"");
            body = body.replace(&fixed, &format!("style=\"{property}:{}\"", ink.variable()));
        }
    }
    let (title, about) = (HtmlEscape(title), HtmlEscape(about));
    Ok(format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-about\">\n\
         <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-about\">{about}</desc>{body}"
    ))
}

/// `text` cut to `width` characters, with an ellipsis where something is missing.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn failed(error: impl std::fmt::Display) -> ReportError {
    ReportError::Draw(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Align, Axis, Ink, draw};

    #[test]
    fn every_ink_becomes_a_variable_and_text_is_escaped() {
        let svg = draw("fig", "a < b", "about", 40, |canvas| {
            canvas.line((0, 0), (9, 9), Ink::Grid, 1)?;
            canvas.text("</svg><script>", (5, 5), Align::Middle, Ink::Series(2), 40)
        })
        .unwrap();
        assert!(!svg.contains('#') && !svg.contains("<script") && !svg.contains("http"), "{svg}");
        assert!(svg.contains("var(--series-3)") && svg.contains("var(--rule)") && svg.contains("a &lt; b"));
    }

    #[test]
    fn the_axis_is_linear_and_holds_its_ends() {
        let axis = Axis { data: (0.0, 50.0), pixels: (100, 200) };
        assert_eq!((axis.at(0.0), axis.at(25.0), axis.at(50.0), axis.at(80.0)), (100, 150, 200, 200));
    }
}
