/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of page/, as they are: asset_NAME to asset_NAME_end. */
	.section .rodata

	.macro asset name, file
	.globl asset_\name, asset_\name\()_end
asset_\name:
	.incbin "runner/report/page/\file"
asset_\name\()_end:
	.byte 0
	.endm

	asset template, "template.html"
	asset page_css, "page.css"
	asset uplot_css, "uplot/uPlot.min.css"
	asset uplot_js, "uplot/uPlot.iife.min.js"
	asset text_js, "text.js"
	asset scene_js, "scene.js"
	asset plot_js, "plot.js"
	asset log_js, "log.js"
	asset story_js, "story.js"
	asset list_js, "list.js"

#ifdef __ELF__
	.section .note.GNU-stack, "", %progbits
#endif
