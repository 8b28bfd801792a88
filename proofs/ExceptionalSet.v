(** * The theorem for every start of a ball

    The amplitude zeta of a start is the limit of mu^(-j) <v, h_j>. Where zeta - <v, h> is a contraction, the starts of
    the ball with zeta = 0, which are all that the direction theorem leaves out, form the graph of a Lipschitz function
    over the orthogonal complement of v. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Sequences Vectors Amplitude.
Open Scope R_scope.

Section ExceptionalSet.
Variables (n : nat) (B : matrix) (v : vector) (mu C L r : R) (g : vector -> vector).
Let rho := Rabs mu.
Let F (h : vector) : vector := combination 1 (apply n B h) 1 (g h).

Fixpoint orbit (h : vector) (j : nat) : vector :=
  match j with
  | O => h
  | S i => F (orbit h i)
  end.

Hypothesis unit_vector : dot n v v = 1.
Hypothesis B_along : forall h, dot n v (apply n B h) = mu * dot n v h.
Hypothesis B_bound : forall h, norm n (apply n B h) <= rho * norm n h.
Hypothesis rho_positive : 0 < rho.
Hypothesis C_nonnegative : 0 <= C.
Hypothesis L_nonnegative : 0 <= L.
Hypothesis r_nonnegative : 0 <= r.
Hypothesis sigma_below_one : sigma_of rho C r < 1.
Hypothesis x_at_most_one : x_of rho C r <= 1.
(** The remainder is of second order on the ball, and its derivative, with |dg(h)| <= L |h|, of first. *)
Hypothesis remainder : forall h, norm n h <= r -> norm n (g h) <= C * norm n h ^ 2.
Hypothesis derivative_bound : forall h k s, norm n h <= s -> norm n k <= s -> s <= r ->
  norm n (difference (g h) (g k)) <= L * s * norm n (difference h k).

(** P' of docs/theory.md, section 8: the product of the factors (rho + L |h_j|) / rho. *)
Let x' := L * r / (rho * (1 - sigma_of rho C r)).
Let P' := 1 + x' + x' ^ 2.
Hypothesis x'_at_most_one : x' <= 1.
Let kappa := L * P_of rho C r * P' * r / (rho * (1 - rho)).
Hypothesis contraction : kappa < 1.

Lemma rho_below : rho < 1.
Proof.
  assert (0 <= C * r) by (apply Rmult_le_pos; assumption). unfold sigma_of in sigma_below_one. lra.
Qed.

Lemma orbit_step h j : norm n (orbit h j) <= r ->
  norm n (orbit h (S j)) <= (rho + C * norm n (orbit h j)) * norm n (orbit h j).
Proof.
  intros H. cbn [orbit]. unfold F. eapply Rle_trans; [apply norm_triangle|].
  assert (H1 := B_bound (orbit h j)). assert (H2 := remainder (orbit h j) H). simpl in H2. lra.
Qed.

Lemma orbit_within h j : norm n h <= r -> norm n (orbit h j) <= sigma_of rho C r ^ j * r /\ norm n (orbit h j) <= r.
Proof.
  intros H. apply (stays_within rho C r (fun j => norm n (orbit h j))); auto.
  - intros i. apply norm_nonneg.
  - apply orbit_step.
Qed.

Lemma orbit_decay h j : norm n h <= r -> norm n (orbit h j) <= P_of rho C r * rho ^ j * r.
Proof.
  intros H. apply (decay rho C r (fun j => norm n (orbit h j))); auto.
  - intros i. apply norm_nonneg.
  - apply orbit_step.
Qed.

(** Two orbits approach each other like rho^j. *)
Let sum (j : nat) := x' * (1 - sigma_of rho C r ^ j).

Lemma sigma_between : 0 < sigma_of rho C r < 1.
Proof. assert (0 <= C * r) by (apply Rmult_le_pos; assumption). unfold sigma_of in *. lra. Qed.

Lemma x'_nonnegative : 0 <= x'.
Proof.
  unfold x'. apply Rdiv_le_0_compat; [apply Rmult_le_pos; assumption|apply Rmult_lt_0_compat; lra].
Qed.

Lemma sum_between j : 0 <= sum j <= x'.
Proof.
  assert (Hx := x'_nonnegative). assert (Hs := sigma_between).
  assert (0 <= sigma_of rho C r ^ j) by (apply pow_le; lra).
  assert (sigma_of rho C r ^ j <= 1) by (apply pow_below_one; lra).
  unfold sum. split; [apply Rmult_le_pos; lra|].
  rewrite <- (Rmult_1_r x') at 2. apply Rmult_le_compat_l; lra.
Qed.

Lemma orbits_approach h k j : norm n h <= r -> norm n k <= r ->
  norm n (difference (orbit h j) (orbit k j)) <= (1 + sum j + sum j ^ 2) * (rho ^ j * norm n (difference h k)).
Proof.
  intros Hh Hk. assert (Hs := sigma_between). induction j as [|j IH].
  - unfold sum. simpl. lra.
  - set (a := L * r * sigma_of rho C r ^ j / rho).
    assert (Step : sum (S j) = sum j + a).
    { unfold sum, a, x'. simpl. field. split; lra. }
    assert (Hp : 0 <= sigma_of rho C r ^ j) by (apply pow_le; lra).
    assert (Ha : 0 <= a) by (unfold a; apply Rdiv_le_0_compat; [apply Rmult_le_pos; [apply Rmult_le_pos|]|]; assumption).
    assert (Hb := sum_between j).
    set (d := norm n (difference (orbit h j) (orbit k j))) in *.
    assert (D : norm n (difference (orbit h (S j)) (orbit k (S j))) <= rho * (1 + a) * d).
    { cbn [orbit]. unfold F.
      rewrite (norm_same n _ (combination 1 (apply n B (difference (orbit h j) (orbit k j))) 1
                                          (difference (g (orbit h j)) (g (orbit k j))))).
      2:{ intros i _. unfold difference at 1, combination. rewrite apply_difference. unfold difference. ring. }
      eapply Rle_trans; [apply norm_triangle|].
      assert (H1 := B_bound (difference (orbit h j) (orbit k j))). fold d in H1.
      destruct (orbit_within h j Hh) as [W1 W2]. destruct (orbit_within k j Hk) as [W3 W4].
      assert (Small : sigma_of rho C r ^ j * r <= r).
      { assert (sigma_of rho C r ^ j <= 1) by (apply pow_below_one; lra).
        apply Rle_trans with (1 * r); [apply Rmult_le_compat_r; lra|lra]. }
      assert (H2 := derivative_bound _ _ _ W1 W3 Small). fold d in H2.
      replace (rho * (1 + a) * d) with (rho * d + L * (sigma_of rho C r ^ j * r) * d) by (unfold a; field; lra). lra. }
    eapply Rle_trans; [exact D|].
    eapply Rle_trans; [apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|exact IH]|].
    rewrite Step.
    replace (rho * (1 + a) * ((1 + sum j + sum j ^ 2) * (rho ^ j * norm n (difference h k))))
      with ((1 + a) * (1 + sum j + sum j ^ 2) * (rho ^ S j * norm n (difference h k))) by (simpl; ring).
    apply Rmult_le_compat_r.
    + apply Rmult_le_pos; [apply pow_le; lra|apply norm_nonneg].
    + apply one_more_factor; lra.
Qed.

Lemma orbits_close h k j : norm n h <= r -> norm n k <= r ->
  norm n (difference (orbit h j) (orbit k j)) <= P' * rho ^ j * norm n (difference h k).
Proof.
  intros Hh Hk. eapply Rle_trans; [apply orbits_approach; assumption|].
  rewrite Rmult_assoc. apply Rmult_le_compat_r.
  - apply Rmult_le_pos; [apply pow_le; lra|apply norm_nonneg].
  - assert (H := sum_between j). assert (sum j ^ 2 <= x' ^ 2) by (apply pow_incr; lra). unfold P'. lra.
Qed.

(** ** The amplitude *)
Definition scaled (h : vector) (j : nat) : R := dot n v (orbit h j) / mu ^ j.
Definition amplitude (h : vector) : R := real (Lim_seq (scaled h)).

Lemma mu_nonzero : mu <> 0.
Proof. intros Z. unfold rho in rho_positive. rewrite Z, Rabs_R0 in rho_positive. lra. Qed.

Lemma abs_mu_power j : Rabs (mu ^ j) = rho ^ j.
Proof. unfold rho. symmetry. apply RPow_abs. Qed.

Lemma scaled_step h j : scaled h (S j) - scaled h j = dot n v (g (orbit h j)) / mu ^ S j.
Proof.
  assert (Hm := mu_nonzero). assert (Hj := pow_nonzero mu j Hm).
  unfold scaled. cbn [orbit]. unfold F. rewrite dot_combination_r, B_along. cbn [pow]. field. split; assumption.
Qed.

Lemma along_at_most u : Rabs (dot n v u) <= norm n u.
Proof. eapply Rle_trans; [apply cauchy_schwarz|]. unfold norm at 1. rewrite unit_vector, sqrt_1. lra. Qed.

Lemma divided_by_power y K j : Rabs y <= K * rho ^ j * rho ^ j -> Rabs (y / mu ^ S j) <= K / rho * rho ^ j.
Proof.
  intros H. assert (Hj : 0 < rho ^ j) by (apply pow_lt; exact rho_positive).
  unfold Rdiv at 1. rewrite Rabs_mult, Rabs_inv, abs_mu_power. cbn [pow].
  apply Rmult_le_reg_r with (rho * rho ^ j); [apply Rmult_lt_0_compat; assumption|].
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r by (apply Rgt_not_eq, Rmult_lt_0_compat; assumption).
  eapply Rle_trans; [exact H|]. right. field. lra.
Qed.

Lemma amplitude_limit h : norm n h <= r ->
  is_lim_seq (scaled h) (amplitude h) /\ Rabs (amplitude h - dot n v h) <= tail rho C r.
Proof.
  intros H. assert (H1 := rho_below).
  set (K := C * P_of rho C r ^ 2 * r ^ 2).
  destruct (geometric_increments (scaled h) (K / rho) rho) as (l & Hl & Hd); [lra| |].
  - intros j. rewrite scaled_step. apply divided_by_power.
    eapply Rle_trans; [apply along_at_most|].
    eapply Rle_trans; [apply remainder, orbit_within, H|].
    assert (D := orbit_decay h j H). assert (N := norm_nonneg n (orbit h j)).
    assert (norm n (orbit h j) ^ 2 <= (P_of rho C r * rho ^ j * r) ^ 2) by (apply pow_incr; lra).
    unfold K. replace (C * P_of rho C r ^ 2 * r ^ 2 * rho ^ j * rho ^ j) with (C * (P_of rho C r * rho ^ j * r) ^ 2) by ring.
    apply Rmult_le_compat_l; assumption.
  - unfold amplitude. rewrite (is_lim_seq_unique _ _ Hl). cbn [real]. split; [exact Hl|].
    replace (dot n v h) with (scaled h 0%nat) by (unfold scaled; simpl; field).
    eapply Rle_trans; [exact Hd|]. right. unfold tail. fold K. field. lra.
Qed.

(** zeta - <v, h> is a contraction of the ball. *)
Lemma amplitude_contracts h k : norm n h <= r -> norm n k <= r ->
  Rabs ((amplitude h - dot n v h) - (amplitude k - dot n v k)) <= kappa * norm n (difference h k).
Proof.
  intros Hh Hk. assert (H1 := rho_below).
  set (d := norm n (difference h k)). set (K := L * P_of rho C r * P' * r * d).
  destruct (geometric_increments (fun j => scaled h j - scaled k j) (K / rho) rho) as (l & Hl & Hd); [lra| |].
  - intros j.
    replace (scaled h (S j) - scaled k (S j) - (scaled h j - scaled k j))
      with ((scaled h (S j) - scaled h j) - (scaled k (S j) - scaled k j)) by ring.
    rewrite !scaled_step.
    replace (dot n v (g (orbit h j)) / mu ^ S j - dot n v (g (orbit k j)) / mu ^ S j)
      with ((dot n v (g (orbit h j)) - dot n v (g (orbit k j))) / mu ^ S j) by (unfold Rdiv; ring).
    rewrite <- dot_difference_r. apply divided_by_power.
    eapply Rle_trans; [apply along_at_most|].
    set (s := Rmin r (P_of rho C r * rho ^ j * r)).
    assert (S1 : norm n (orbit h j) <= s) by (apply Rmin_glb; [apply orbit_within, Hh|apply orbit_decay, Hh]).
    assert (S2 : norm n (orbit k j) <= s) by (apply Rmin_glb; [apply orbit_within, Hk|apply orbit_decay, Hk]).
    eapply Rle_trans; [apply (derivative_bound _ _ s); auto; apply Rmin_l|].
    assert (D := orbits_close h k j Hh Hk). fold d in D.
    assert (S3 : s <= P_of rho C r * rho ^ j * r) by apply Rmin_r.
    assert (S0 : 0 <= s) by (eapply Rle_trans; [apply norm_nonneg|exact S1]).
    unfold K. replace (L * P_of rho C r * P' * r * d * rho ^ j * rho ^ j)
      with (L * (P_of rho C r * rho ^ j * r) * (P' * rho ^ j * d)) by ring.
    apply Rmult_le_compat; [apply Rmult_le_pos; assumption|apply norm_nonneg| |exact D].
    apply Rmult_le_compat_l; assumption.
  - destruct (amplitude_limit h Hh) as [Lh _]. destruct (amplitude_limit k Hk) as [Lk _].
    assert (E : is_lim_seq (fun j => scaled h j - scaled k j) (amplitude h - amplitude k)) by (apply is_lim_seq_minus'; assumption).
    apply is_lim_seq_unique in Hl. apply is_lim_seq_unique in E. rewrite Hl in E. injection E as ->.
    cbv beta in Hd. unfold scaled in Hd. cbn [orbit pow] in Hd.
    replace (amplitude h - dot n v h - (amplitude k - dot n v k))
      with (amplitude h - amplitude k - (dot n v h / 1 - dot n v k / 1)) by field.
    eapply Rle_trans; [exact Hd|]. right. unfold kappa, K. field. lra.
Qed.

(** ** The graph *)
Let above (y : vector) (t : R) : vector := combination 1 y t v.
Let T := tail rho C r.

Lemma kappa_nonnegative : 0 <= kappa.
Proof.
  assert (H1 := rho_below). assert (Hx := x'_nonnegative).
  assert (0 <= x_of rho C r).
  { unfold x_of. apply Rdiv_le_0_compat; [apply Rmult_le_pos; assumption|apply Rmult_lt_0_compat; lra]. }
  assert (0 <= x' ^ 2) by apply pow2_ge_0. assert (0 <= x_of rho C r ^ 2) by apply pow2_ge_0.
  unfold kappa. apply Rdiv_le_0_compat; [|apply Rmult_lt_0_compat; lra].
  apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos|]|]; try assumption; unfold P_of, P'; lra.
Qed.

Lemma T_nonnegative : 0 <= T.
Proof.
  assert (H1 := rho_below). unfold T, tail. apply Rdiv_le_0_compat; [|apply Rmult_lt_0_compat; lra].
  apply Rmult_le_pos; [apply Rmult_le_pos; [assumption|]|]; apply pow2_ge_0.
Qed.

Lemma norm_v : norm n v = 1.
Proof. unfold norm. rewrite unit_vector. apply sqrt_1. Qed.

Lemma above_in_ball y t : norm n y <= r - T -> Rabs t <= T -> norm n (above y t) <= r.
Proof.
  intros Hy Ht. unfold above.
  rewrite (norm_same n _ (combination 1 y 1 (scale t v))) by entrywise.
  eapply Rle_trans; [apply norm_triangle|]. rewrite norm_scale, norm_v. lra.
Qed.

Lemma along_above y t : dot n v y = 0 -> dot n v (above y t) = t.
Proof. intros H. unfold above. rewrite dot_combination_r, H, unit_vector. ring. Qed.

Lemma above_difference y t s : norm n (difference (above y t) (above y s)) = Rabs (t - s).
Proof.
  unfold above. rewrite (norm_same n _ (scale (t - s) v)) by entrywise. rewrite norm_scale, norm_v. ring.
Qed.

(** t is on the graph over y exactly if t = -(zeta - <v, .>)(y + t v). *)
Let next (y : vector) (t : R) : R := - (amplitude (above y t) - dot n v (above y t)).
Fixpoint approximation (y : vector) (j : nat) : R :=
  match j with
  | O => 0
  | S i => next y (approximation y i)
  end.
Definition graph (y : vector) : R := real (Lim_seq (approximation y)).

Section OverOnePoint.
Variable y : vector.
Hypothesis y_orthogonal : dot n v y = 0.
Hypothesis y_small : norm n y <= r - T.

Lemma next_bounded t : Rabs t <= T -> Rabs (next y t) <= T.
Proof.
  intros Ht. unfold next. rewrite Rabs_Ropp. apply amplitude_limit, above_in_ball; assumption.
Qed.

Lemma next_contracts t s : Rabs t <= T -> Rabs s <= T -> Rabs (next y t - next y s) <= kappa * Rabs (t - s).
Proof.
  intros Ht Hs. unfold next.
  replace (- (amplitude (above y t) - dot n v (above y t)) - - (amplitude (above y s) - dot n v (above y s)))
    with (- ((amplitude (above y t) - dot n v (above y t)) - (amplitude (above y s) - dot n v (above y s)))) by ring.
  rewrite Rabs_Ropp. eapply Rle_trans; [apply amplitude_contracts; apply above_in_ball; assumption|].
  rewrite above_difference. lra.
Qed.

Lemma approximation_bounded j : Rabs (approximation y j) <= T.
Proof.
  induction j as [|j IH]; cbn [approximation]; [rewrite Rabs_R0; apply T_nonnegative|apply next_bounded, IH].
Qed.

Lemma approximation_step j : Rabs (approximation y (S j) - approximation y j) <= T * kappa ^ j.
Proof.
  assert (Hk := kappa_nonnegative). induction j as [|j IH].
  - cbn [approximation pow]. rewrite Rminus_0_r, Rmult_1_r. apply next_bounded. rewrite Rabs_R0. apply T_nonnegative.
  - change (Rabs (next y (approximation y (S j)) - next y (approximation y j)) <= T * kappa ^ S j).
    eapply Rle_trans; [apply next_contracts; apply approximation_bounded|].
    simpl. replace (T * (kappa * kappa ^ j)) with (kappa * (T * kappa ^ j)) by ring. apply Rmult_le_compat_l; assumption.
Qed.

Lemma graph_limit : is_lim_seq (approximation y) (graph y).
Proof.
  assert (Hk := kappa_nonnegative).
  destruct (geometric_increments (approximation y) T kappa) as (l & Hl & _); [lra|apply approximation_step|].
  unfold graph. rewrite (is_lim_seq_unique _ _ Hl). exact Hl.
Qed.

Lemma graph_bounded : Rabs (graph y) <= T.
Proof.
  assert (L1 := is_lim_seq_abs _ _ graph_limit). cbn [Rbar_abs] in L1.
  exact (is_lim_seq_le _ (fun _ => T) (Finite _) (Finite T) approximation_bounded L1 (is_lim_seq_const T)).
Qed.

Lemma graph_fixed : next y (graph y) = graph y.
Proof.
  assert (Hk := kappa_nonnegative).
  assert (L1 : is_lim_seq (fun j => approximation y (S j)) (graph y)) by (apply -> is_lim_seq_incr_1; exact graph_limit).
  assert (L2 : is_lim_seq (fun j => next y (approximation y j)) (next y (graph y))).
  { apply is_lim_seq_spec. intros eps.
    assert (G := graph_limit). apply is_lim_seq_spec in G. destruct (G eps) as [j0 H0]. exists j0. intros j Hj.
    eapply Rle_lt_trans; [apply next_contracts; [apply approximation_bounded|apply graph_bounded]|].
    specialize (H0 j Hj). assert (P := Rabs_pos (approximation y j - graph y)).
    apply Rle_lt_trans with (1 * Rabs (approximation y j - graph y)); [apply Rmult_le_compat_r; lra|lra]. }
  apply is_lim_seq_unique in L1. apply is_lim_seq_unique in L2.
  assert (E : Lim_seq (fun j => approximation y (S j)) = Lim_seq (fun j => next y (approximation y j))) by reflexivity.
  rewrite L1, L2 in E. injection E. auto.
Qed.

Lemma graph_exceptional : amplitude (above y (graph y)) = 0.
Proof.
  assert (E := graph_fixed). unfold next in E. rewrite along_above in E by exact y_orthogonal. lra.
Qed.
End OverOnePoint.

(** Two exceptional starts: the heights differ by at most kappa/(1-kappa) times the distance of their feet. *)
Lemma exceptional_lipschitz h k : norm n h <= r -> norm n k <= r -> amplitude h = 0 -> amplitude k = 0 ->
  Rabs (dot n v h - dot n v k)
  <= kappa / (1 - kappa) * norm n (combination 1 (difference h k) (- dot n v (difference h k)) v).
Proof.
  intros Hh Hk Zh Zk. assert (K0 := kappa_nonnegative).
  assert (Con := amplitude_contracts h k Hh Hk). rewrite Zh, Zk in Con.
  set (t := dot n v h - dot n v k) in *.
  assert (Et : dot n v (difference h k) = t) by (rewrite dot_difference_r; reflexivity). rewrite Et.
  set (y := combination 1 (difference h k) (- t) v).
  assert (Split : norm n (difference h k) <= norm n y + Rabs t).
  { rewrite (norm_same n _ (combination 1 y 1 (scale t v))) by (unfold y; entrywise).
    eapply Rle_trans; [apply norm_triangle|]. rewrite norm_scale, norm_v. lra. }
  replace (0 - dot n v h - (0 - dot n v k)) with (- t) in Con by (unfold t; ring). rewrite Rabs_Ropp in Con.
  assert (kappa * norm n (difference h k) <= kappa * (norm n y + Rabs t)) by (apply Rmult_le_compat_l; assumption).
  replace (kappa / (1 - kappa) * norm n y) with (kappa * norm n y / (1 - kappa)) by (field; lra).
  apply Rle_div_r; lra.
Qed.

(** Over every point y of the orthogonal complement with |y| <= r - T there is one exceptional start of the ball, at the
    height graph(y), |graph(y)| <= T; and graph is Lipschitz. *)
Theorem exceptional_set_is_a_lipschitz_graph :
  (forall y, dot n v y = 0 -> norm n y <= r - T ->
     Rabs (graph y) <= T /\ norm n (combination 1 y (graph y) v) <= r /\ amplitude (combination 1 y (graph y) v) = 0) /\
  (forall y t, dot n v y = 0 -> norm n y <= r - T -> norm n (combination 1 y t v) <= r ->
     amplitude (combination 1 y t v) = 0 -> t = graph y) /\
  (forall y z, dot n v y = 0 -> dot n v z = 0 -> norm n y <= r - T -> norm n z <= r - T ->
     Rabs (graph y - graph z) <= kappa / (1 - kappa) * norm n (difference y z)).
Proof.
  assert (First : forall y, dot n v y = 0 -> norm n y <= r - T ->
     Rabs (graph y) <= T /\ norm n (above y (graph y)) <= r /\ amplitude (above y (graph y)) = 0).
  { intros y Hy Hs. assert (G := graph_bounded y Hs). split; [exact G|]. split; [apply above_in_ball; assumption|].
    apply graph_exceptional; assumption. }
  assert (Lipschitz : forall y z t s, dot n v y = 0 -> dot n v z = 0 -> norm n (above y t) <= r -> norm n (above z s) <= r ->
     amplitude (above y t) = 0 -> amplitude (above z s) = 0 ->
     Rabs (t - s) <= kappa / (1 - kappa) * norm n (difference y z)).
  { intros y z t s Hy Hz By Bz Ay Az. assert (E := exceptional_lipschitz _ _ By Bz Ay Az).
    rewrite dot_difference_r, !along_above in E by assumption.
    rewrite (norm_same n _ (difference y z)) in E by (unfold above; entrywise). exact E. }
  split; [exact First|]. split.
  - intros y t Hy Hs Hb Ha. destruct (First y Hy Hs) as (_ & Bg & Ag).
    assert (E := Lipschitz y y t (graph y) Hy Hy Hb Bg Ha Ag).
    assert (Z : norm n (difference y y) = 0).
    { rewrite (norm_same n _ zero) by entrywise. unfold norm. rewrite dot_zero_l by reflexivity. apply sqrt_0. }
    rewrite Z, Rmult_0_r in E. destruct (Req_dec (t - graph y) 0) as [|NZ]; [lra|].
    assert (P := Rabs_pos_lt _ NZ). lra.
  - intros y z Hy Hz Hsy Hsz. destruct (First y Hy Hsy) as (_ & By & Ay). destruct (First z Hz Hsz) as (_ & Bz & Az).
    apply Lipschitz; assumption.
Qed.
End ExceptionalSet.
