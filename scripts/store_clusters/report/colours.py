"""The colours of pictures and pages."""

# Colours that stay apart for colour-blind readers (Okabe and Ito 2008), then two of our own.
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6D00", "#666666"]
