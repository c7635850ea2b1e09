//! Engine time: what the host's clock says, made safe to compare.
