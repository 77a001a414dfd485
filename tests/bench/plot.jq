# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pictures as SVG, of two kinds: bars in groups, and lines.

def width: 1000;
def height: 430;
def frame: { left: 64, right: 976, top: 78, bottom: 380 };

# Colours that differ for the colour-blind too (Okabe and Ito).
def colours: { cost: "#0072b2", freelist: "#e69f00", nr_hugepages: "#d55e00",
	compact_memory: "#999999", thp_fault: "#009e73", none: "#cc79a7",
	uniform: "#0072b2", skewed: "#d55e00", bimodal: "#009e73",
	full: "#cc79a7", half: "#0072b2", all: "#d55e00" };
def colour: . as $name | colours[$name] // "#444444";

def escaped: gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;");

def text($x; $y; $size; $anchor; $text):
	"<text x=\"\($x | round)\" y=\"\($y | round)\" font-size=\"\($size)\" " +
	"text-anchor=\"\($anchor)\">\($text | escaped)</text>";

def rule($x1; $y1; $x2; $y2; $style):
	"<line x1=\"\($x1 * 10 | round / 10)\" y1=\"\($y1 * 10 | round / 10)\" " +
	"x2=\"\($x2 * 10 | round / 10)\" y2=\"\($y2 * 10 | round / 10)\" " +
	"style=\"\($style)\"/>";

# Two or three digits that matter.
def short: if . == null then "" elif . >= 100 then round | tostring
	elif . >= 10 then (. * 10 | round / 10 | tostring)
	else (. * 100 | round / 100 | tostring) end;

def picture($title; $about; $names; $body):
	"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" " +
	"height=\"\(height)\" viewBox=\"0 0 \(width) \(height)\" " +
	"font-family=\"sans-serif\" fill=\"#222\">",
	"<rect width=\"\(width)\" height=\"\(height)\" fill=\"#fff\"/>",
	text(frame.left; 24; 17; "start"; $title),
	text(frame.left; 43; 12; "start"; $about),
	($names | to_entries[] |
		"<rect x=\"\(frame.left + .key * 130)\" y=\"54\" width=\"12\" " +
		"height=\"12\" fill=\"\(.value | colour)\"/>",
		text(frame.left + 17 + .key * 130; 64; 12; "start"; .value)),
	$body[],
	"</svg>";

def grid_style: "stroke:#ddd";

# Lines across at round values from 0 to max.
def grid($max):
	($max / 5) as $step |
	pow(10; $step | log10 | floor) as $unit |
	first(([1, 2, 2.5, 5, 10][] | . * $unit | select(. >= $step * 0.999)),
		$step) as $step |
	range(0; $max * 1.0001; $step) as $v |
	(frame.bottom - $v / $max * (frame.bottom - frame.top)) as $y |
	rule(frame.left; $y; frame.right; $y; grid_style),
	text(frame.left - 6; $y + 4; 11; "end"; $v | short);

# $data: [{ group, name, values: [...] }]; a bar is the mean, its whisker goes
# from the least to the most. $held: by group, the promise for name "cost".
# What is over $limit is cut and says how much it is.
def bars($title; $about; $groups; $names; $limit; $held; $data):
	((frame.right - frame.left) / ([1, ($groups | length)] | max)) as $step |
	([$step / (($names | length) + 1), 34] | min) as $bar |
	(frame.bottom - frame.top) as $tall |
	def y: [., $limit] | min | frame.bottom - . / $limit * $tall;
	picture($title; $about; $names; [
	grid($limit),
	($groups | to_entries[] | .key as $g | .value as $group |
		(frame.left + $step * ($g + 0.5)) as $middle |
		text($middle; frame.bottom + 20; 13; "middle"; $group),
		($names | to_entries[] | .key as $n | .value as $name |
		($middle + $bar * ($n - ($names | length) / 2)) as $x |
		first(($data[] | select(.group == $group and .name == $name) |
			.values | select(length > 0)), null) |
		if . == null then
			text($x + $bar / 2; frame.bottom - 4; 11; "middle";
				"\u00d7")
		else (add / length) as $mean | (min) as $least |
			(max) as $most |
			"<rect x=\"\($x * 10 | round / 10)\" " +
			"y=\"\($mean | y)\" width=\"\($bar - 2)\" " +
			"height=\"\(frame.bottom - ($mean | y))\" " +
			"fill=\"\($name | colour)\"/>",
			(if $least < $most and $most <= $limit then
				rule($x + $bar / 2 - 1; $least | y;
					$x + $bar / 2 - 1; $most | y;
					"stroke:#222") else empty end),
			(if $name == "cost" then $held[$group] else null end)
				as $line |
			text($x + $bar / 2 - 1; ([$most, $line // 0] | max |
				y) - 4; 9; "middle"; $mean | short),
			(if $line then
				($line | y) as $at |
				rule($x - 3; $at; $x + $bar + 1; $at;
					"stroke:#000;stroke-width:2")
			else empty end)
		end)),
	rule(frame.left; frame.bottom; frame.right; frame.bottom; "stroke:#222")
	]);

# $data: [{ name, style, points: [[x, y], ...] }]; x goes by powers of 2 from
# $x_min to $x_max, y from 0 to $y_max, or by powers of 10 from $y_min.
def lines($title; $about; $names; $x_min; $x_max; $unit; $y_min; $y_max; $data):
	(frame.right - frame.left - 40) as $wide |
	(frame.bottom - frame.top) as $tall |
	def x: frame.left + 20 + $wide * (. / $x_min | log2) /
		($x_max / $x_min | log2);
	def y: if $y_min == null then frame.bottom - . / $y_max * $tall
		else frame.bottom - ((. / $y_min | log10) /
			($y_max / $y_min | log10)) * $tall end;
	picture($title; $about; $names; [
	(if $y_min == null then grid($y_max) else
		range($y_min | log10 | round; ($y_max | log10 | round) + 1) |
		pow(10; .) as $v | ($v | y) as $at |
		rule(frame.left; $at; frame.right; $at; grid_style),
		text(frame.left - 6; $at + 4; 11; "end"; $v | short) end),
	(range(0; ($x_max / $x_min | log2) + 0.5) | $x_min * pow(2; .) |
		text(x; frame.bottom + 20; 12; "middle"; "\(.) \($unit)")),
	($data[] | .name as $name | (.style // "") as $style |
		"<polyline fill=\"none\" stroke=\"\($name | colour)\" " +
		"stroke-width=\"2\" style=\"\($style)\" points=\"" +
		([.points[] | "\(.[0] | x | round),\(.[1] | y | round)"] |
			join(" ")) + "\"/>",
		(.points[] | "<circle cx=\"\(.[0] | x | round)\" " +
			"cy=\"\(.[1] | y | round)\" r=\"3\" " +
			"fill=\"\($name | colour)\"/>"),
		(.points[-1] | text((.[0] | x) + 6; (.[1] | y) + 4; 10;
			"start"; .[1] | short))),
	rule(frame.left; frame.bottom; frame.right; frame.bottom; "stroke:#222")
	]);
